MUTANTS=(); Mutant=None
