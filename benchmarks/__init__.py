"""Speed, as a ratio to the framework's native call in the same process. Each module is a program."""
