"""Build the compiled kernels; all metadata is in pyproject.toml.

Every ``.pyx`` file below ``ngramlm/`` is a kernel. The kernels are compiled side by side, one per core. What Cython
adds to every kernel (memoryviews above all) is compiled once, as ``ngramlm.core._cyutility``.

Environment variables:
    NGRAMLM_CHECKED=1   check bounds in every kernel, and keep debugging symbols (slow, for tests)
    NGRAMLM_SANITIZE=1  AddressSanitizer and UndefinedBehaviorSanitizer (CONTRIBUTING.md says how to run the tests so)
    NGRAMLM_FUZZ=1      with NGRAMLM_SANITIZE: report the branches taken to a fuzzer (needs CC=clang)
    NGRAMLM_COVERAGE=1  trace the lines of every kernel (very slow, for `make coverage`)
    NGRAMLM_ANNOTATE=1  write Cython's annotated HTML beside the sources
    NGRAMLM_JOBS=N      number of kernels compiled at once; default: the number of cores
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext


def flag(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


def jobs() -> int:
    """The number of kernels compiled at once."""
    return int(os.environ.get("NGRAMLM_JOBS") or os.cpu_count() or 1)


class ParallelBuild(build_ext):
    """Compiles the kernels side by side."""

    def initialize_options(self) -> None:
        super().initialize_options()
        self.parallel = jobs()


# Results must not depend on the processor. Nothing reads the floating-point exceptions.
EXACT = ["-ffp-contract=off", "-fno-trapping-math"]
# Python's own flags contain -g. Symbols would double the time to compile and make four fifths of the wheel.
SYMBOLS = ["-g"] if flag("NGRAMLM_CHECKED") else ["-g0"]
compile_args = ["-O3", *SYMBOLS, "-fno-strict-aliasing", *EXACT]
link_args: list[str] = []
macros: list[tuple[str, str]] = []
if flag("NGRAMLM_SANITIZE"):
    sanitizers = "-fsanitize=address,undefined"
    compile_args = ["-O1", "-g", "-fno-omit-frame-pointer", sanitizers, "-fno-strict-aliasing", *EXACT]
    link_args = [sanitizers]
    if flag("NGRAMLM_FUZZ"):
        # The fuzzer comes with its own runtime, which is loaded before Python.
        compile_args.append("-fsanitize=fuzzer-no-link")
        link_args = []
if flag("NGRAMLM_COVERAGE"):
    compile_args = ["-O0", "-g0", "-fno-strict-aliasing", *EXACT]  # quick to compile
    macros = [("CYTHON_TRACE_NOGIL", "1"), ("CYTHON_USE_SYS_MONITORING", "0")]
# The width of registers changes the order of its sums anyway, so products are fused with sums.
OF_KERNEL = {"ngramlm.embeddings._word2vec": ["-ffp-contract=fast"]}
UTILITIES = "ngramlm.core._cyutility"

sources = {".".join(path.with_suffix("").parts): path for path in sorted(Path("ngramlm").rglob("*.pyx"))}
unknown = OF_KERNEL.keys() - sources.keys()
if unknown:
    raise SystemExit(f"setup.py: flags for kernels that do not exist: {', '.join(sorted(unknown))}")
sources[UTILITIES] = Path(*UTILITIES.split(".")).with_suffix(".c")  # written by Cython

setup(
    cmdclass={"build_ext": ParallelBuild},
    ext_modules=cythonize(
        [
            Extension(
                name,
                [str(path)],
                depends=sorted(map(str, path.parent.glob("*.h"))),  # Cython finds the .pxd files itself
                define_macros=macros,
                extra_compile_args=[*compile_args, *OF_KERNEL.get(name, [])],
                extra_link_args=link_args,
            )
            for name, path in sources.items()
        ],
        nthreads=jobs(),
        annotate=flag("NGRAMLM_ANNOTATE"),
        shared_utility_qualified_name=UTILITIES,
        compiler_directives={
            "language_level": 3,
            "boundscheck": (debug := flag("NGRAMLM_CHECKED")),
            "wraparound": debug,
            "initializedcheck": debug,
            "cdivision": not debug,
            "embedsignature": True,
            "freethreading_compatible": True,
            "linetrace": flag("NGRAMLM_COVERAGE"),
        },
    ),
)
