"""What a name that a pickle imports can do when the pickle is loaded.

Two lists, not one: what is known to run things, and what of the standard library a model has a use for. Lists of the
first kind alone are got round by the next function that nobody thought of (``logging.config.dictConfig`` calls
anything, and public scanners pass it), so everything else of the standard library counts as unsafe as well.
"""

from __future__ import annotations

import sys
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from enum import StrEnum


class Risk(StrEnum):
    """What loading may do by way of one imported name."""

    UNSAFE = (
        "unsafe"  # runs code or commands, reads or writes files, talks to a network, or imports whatever it is told
    )
    CODE = "code"  # brings functions along as code: the author's own by nature, and nobody can tell what it does
    OWN = "own"  # of a package that is not known here: most likely the team's
    USUAL = "usual"


_MATHS = "add and_ concat eq floordiv ge getitem gt invert itemgetter le lt matmul mod mul ne neg not_ or_ pos pow sub"
# What of the standard library models are made of; types and pure functions only. "*" is everything in that module.
_USUAL = {
    "builtins": "object int float complex bool str bytes bytearray list tuple dict set frozenset slice range type "
    "property classmethod staticmethod super NoneType NotImplemented Ellipsis abs all any divmod enumerate filter hash "
    "isinstance issubclass iter len map max min next pow repr reversed round sorted sum zip Exception ValueError "
    "TypeError KeyError IndexError RuntimeError NotImplementedError UserWarning",
    "copyreg": "_reconstructor __newobj__ __newobj_ex__",
    "collections": "OrderedDict defaultdict Counter deque ChainMap UserDict UserList",
    "collections.abc": "*",
    "datetime": "*",
    "_pydatetime": "*",
    "decimal": "*",
    "fractions": "*",
    "uuid": "UUID SafeUUID",
    "enum": "Enum IntEnum StrEnum Flag IntFlag EnumMeta EnumType auto",
    "functools": "partial partialmethod reduce",
    "_functools": "partial reduce",
    "_codecs": "encode",
    "re": "_compile compile Pattern RegexFlag",
    "array": "array _array_reconstructor",
    "itertools": "*",
    "math": "*",
    "cmath": "*",
    "statistics": "*",
    "numbers": "*",
    "types": "SimpleNamespace MappingProxyType GenericAlias NoneType",
    "random": "Random",
    "logging": "getLogger Logger",
    "pathlib": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
    "pathlib._local": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
    "operator": _MATHS,
    "_operator": _MATHS,
    "zoneinfo": "ZoneInfo ZoneInfo._unpickle",
    "abc": "ABC ABCMeta",
    "typing": "Any Union Optional List Dict Tuple Set Callable NamedTuple Generic TypeVar",
    "io": "BytesIO StringIO",
    "_io": "BytesIO StringIO",
    "inspect": "Signature Parameter _ParameterKind",
    "string": "Template Formatter",
    "struct": "Struct",
    "ipaddress": "*",
}
_STANDARD = {module: frozenset(names.split()) for module, names in _USUAL.items()}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The libraries that models are made of.
_KNOWN = _words(
    "numpy scipy sklearn pandas torch torchvision torchaudio joblib xgboost lightgbm catboost statsmodels mlflow skops "
    "pyarrow polars transformers sentence_transformers tokenizers safetensors keras tensorflow jax flax spacy thinc "
    "gensim nltk imblearn category_encoders feature_engine optuna shap interpret networkx PIL cv2 onnx onnxruntime "
    "prophet pmdarima sktime tslearn lifelines econml causalml pygam hmmlearn dask dask_ml cuml cudf h2o pyspark "
    "dateutil pytz tzdata pydantic pydantic_core narwhals patsy formulaic pytorch_lightning lightning einops"
)
# Parts of those, and packages besides, that exist to run things or to reach out.
_REACHING = _words(
    "numpy.f2py numpy.testing numpy.distutils numpy.ctypeslib torch.hub torch.distributed joblib.externals.loky "
    "torch.utils.cpp_extension torch.utils.bottleneck torch.utils.collect_env torch._inductor torch._dynamo torch.fx "
    "mlflow.projects mlflow.server mlflow.tracking mlflow.artifacts mlflow.utils nltk.app nltk.downloader "
    "pip setuptools pkg_resources distutils requests urllib3 httpx aiohttp websockets websocket paramiko fabric invoke "
    "sh plumbum pexpect psutil boto3 botocore smtplib win32com win32api pythoncom"
)
_CODE = frozenset({"cloudpickle", "dill"})
# Wherever they are found: an ML library's own eval is no better than Python's.
_DOING = _words(
    "eval exec execfile compile evaluate system popen spawn fork load loads load_model load_library read_pickle open "
    "import_module __import__ subimport urlopen urlretrieve run_module run_path runstring run_command run getattr "
    "setattr delattr attrgetter methodcaller resolve_name locate safeimport find_spec apply breakpoint "
    "fromfile tofile memmap DataSource save savez savetxt loadtxt loadmat savemat genfromtxt to_csv to_pickle to_sql"
)
_DOING_AS = ("read_", "load_", "save_", "open_", "fetch_", "download_", "run_", "exec_")
# Modules that another module has imported can be reached by its name: joblib.parallel has ``os``.
_MODULES = frozenset(sys.stdlib_module_names) - {"random", "math", "statistics", "types", "numbers", "array", "test"}


def judge(module: str, name: str) -> Risk:
    """The risk of one import. ``name`` may be dotted, as protocol 4 allows."""
    module, name = _today(module, name)
    parts = name.split(".")
    root = module.partition(".")[0]
    if root in sys.stdlib_module_names:
        allowed = _STANDARD.get(module, frozenset())
        anything = "*" in allowed and len(parts) == 1 and (name == module or name not in _MODULES)
        return Risk.USUAL if anything or name in allowed else Risk.UNSAFE
    # Others have it on board: joblib.externals.cloudpickle.
    if _CODE.intersection(module.split(".")):
        return Risk.CODE
    if _reaches(module) or _does(parts) or _MODULES.intersection(parts) or _hidden(parts):
        return Risk.UNSAFE
    return Risk.USUAL if root in _KNOWN else Risk.OWN


def _today(module: str, name: str) -> tuple[str, str]:
    """The name as Python 3 reads it in a pickle of protocol 0 to 2, where ``commands`` is ``subprocess``."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def _does(parts: list[str]) -> bool:
    return bool(_DOING.intersection(parts)) or any(part.startswith(_DOING_AS) for part in parts)


def _reaches(module: str) -> bool:
    """Whether the module or one that it lies in is one of those."""
    parts = module.split(".")
    return any(".".join(parts[:count]) in _REACHING for count in range(1, len(parts) + 1))


def _hidden(parts: list[str]) -> bool:
    """Whether a dotted name climbs through an object's innards, as ``f.__globals__`` does."""
    return len(parts) > 1 and any(part.startswith("__") for part in parts)
