"""Execute the notebooks of this folder from their text, each in a fresh kernel.

python examples/run.py                       status 1 if a cell fails or warns
python examples/run.py --output executed     and keep the executed .ipynb files

``MULTIGRAD_BACKEND`` chooses the backend, as for anybody who opens them.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

HERE = Path(__file__).parent
# The first import of a framework on a cold, busy machine takes a minute.
SECONDS_PER_CELL = 300


def main(arguments=None):
    """Execute every notebook; return the exit status."""
    parser = argparse.ArgumentParser(description="Execute the notebooks of this folder.")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write the executed notebooks here")
    output = parser.parse_args(arguments).output
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
    # Less of TensorFlow's start-up log among a notebook's results; a user's own setting stays.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    errors = {}
    for path in sorted(HERE.glob("[0-9]*.py")):
        notebook = jupytext.read(path)
        start = time.perf_counter()
        error = execute(notebook)
        verdict = "ok" if error is None else "FAILED"
        print(f"{path.stem:<32} {verdict:<7} {time.perf_counter() - start:5.1f} s", flush=True)
        if error is not None:
            errors[path.stem] = error
        if output is not None:
            nbformat.write(notebook, output / f"{path.stem}.ipynb")
    for name, error in errors.items():
        print(f"\n{name}\n{error}", file=sys.stderr)
    return 1 if errors else 0


def execute(notebook):
    """Execute a notebook in place, in a temporary directory; return what went wrong, or None."""
    with tempfile.TemporaryDirectory() as folder:
        # Without directories to search, "python3" is this interpreter's own kernel, whatever the machine has installed.
        specs = KernelSpecManager(kernel_dirs=[])
        client = NotebookClient(
            notebook,
            km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs),
            timeout=SECONDS_PER_CELL,
            extra_arguments=["--log-level=ERROR"],  # ipykernel 7 warns of a loopback connection without encryption
            resources={"metadata": {"path": folder}},
        )
        # The reader's IPython profile shall not change the result.
        environment = {**os.environ, "IPYTHONDIR": folder}
        try:
            client.execute(env=environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            return without_colours(str(error))
    return first_warning(notebook)


def first_warning(notebook):
    """Return the first Python warning that a cell shows, with the cell."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "stream" and output.name == "stderr" and re.search(r"\w+Warning: ", output.text):
                return f"A warning from the following cell:\n{cell.source}\n\n{output.text}"
    return None


def without_colours(text):
    """Return a traceback without IPython's terminal codes."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


if __name__ == "__main__":
    sys.exit(main())
