from __future__ import annotations

import pytest

from gatehouse.registry._globals import Risk, judge


@pytest.mark.parametrize(
    "name",
    [
        "os system", "posix system", "nt system", "subprocess Popen", "builtins eval", "builtins exec", "builtins open",
        "builtins __import__", "builtins getattr", "socket socket", "importlib import_module", "runpy run_path",
        "pickle loads", "marshal loads", "ctypes CDLL", "types CodeType", "types FunctionType", "pty spawn",
        "shutil rmtree", "pathlib Path.write_text", "pathlib Path.unlink", "logging.config dictConfig",
        "logging FileHandler", "logging os.system", "operator attrgetter", "operator methodcaller",
        "pkgutil resolve_name", "urllib.request urlopen", "urllib2 urlopen", "commands getoutput",
        "__builtin__ execfile",
        "copyreg add_extension", "typing get_type_hints", "uuid _get_command_stdout", "datetime sys",
        "datetime sys.modules", "timeit timeit", "asyncio run", "functools os", "collections.abc sys.modules",
        "numpy load", "numpy.f2py.crackfortran getlincoef", "numpy.testing._private.utils runstring",
        "numpy memmap", "numpy fromfile", "pandas read_csv", "pandas.io.sql read_sql", "scipy.io loadmat",
        "joblib.externals.loky.process_executor ProcessPoolExecutor", "sklearn.datasets fetch_openml",
        "pandas read_pickle", "pandas eval", "numexpr evaluate", "joblib load", "joblib.parallel os", "torch load",
        "torch.hub load", "mlflow.pyfunc load_model", "sklearn.utils os.system",
        "sklearn.base BaseEstimator.__init__.__globals__", "requests get", "requests.api get", "setuptools setup",
        "acme eval",
    ],
)  # fmt: skip
def test_what_runs_or_reaches_is_unsafe(name: str) -> None:
    assert judge(*name.split()) is Risk.UNSAFE


@pytest.mark.parametrize(
    "name",
    [
        "builtins set", "__builtin__ object", "copy_reg _reconstructor", "copyreg __newobj__",
        "collections OrderedDict",
        "datetime datetime", "decimal Decimal", "functools partial", "_codecs encode", "operator itemgetter",
        "numpy dtype", "numpy.core.multiarray _reconstruct", "numpy._core.numeric _frombuffer", "numpy.random MT19937",
        "numpy.random._pickle __randomstate_ctor", "pandas.core.frame DataFrame", "sklearn.pipeline Pipeline",
        "torch._utils _rebuild_tensor_v2", "torch FloatStorage", "scipy.sparse._csr csr_matrix", "xgboost.core Booster",
        "logging getLogger", "pathlib PosixPath", "torch.serialization _get_layout", "numpy log1p",
    ],
)  # fmt: skip
def test_what_models_are_made_of_is_usual(name: str) -> None:
    assert judge(*name.split()) is Risk.USUAL


@pytest.mark.parametrize(
    ("name", "risk"),
    [
        ("cloudpickle.cloudpickle subimport", Risk.CODE),
        ("dill._dill _create_function", Risk.CODE),
        ("joblib.externals.cloudpickle.cloudpickle _make_function", Risk.CODE),
        ("acme.features Bands", Risk.OWN),
        ("__main__ Wrapper", Risk.OWN),
        ("numpyy dtype", Risk.OWN),  # a library's name is matched whole
    ],
)
def test_code_that_comes_along_and_the_teams_own_are_kept_apart(name: str, risk: Risk) -> None:
    assert judge(*name.split()) is risk
