"""Six programs of GradBench, each written once in array-API code and once in every framework's own words.

The definitions, the sizes and the distributions of the inputs are those of https://github.com/gradbench/gradbench
(commit f26651a7); the code is not. Importing this package imports no framework.
"""

from benchmarks.programs import det, gmm, kmeans, llsq, lse, ode
from benchmarks.programs._program import Program

PROGRAMS: dict[str, Program] = {module.PROGRAM.name: module.PROGRAM for module in (gmm, kmeans, lse, llsq, det, ode)}

__all__ = ["PROGRAMS", "Program"]
