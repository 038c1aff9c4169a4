from __future__ import annotations

import pyarrow as pa
import pytest

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.scoring import features
from gatehouse.registry.signature import Column, Scalar, Signature, Tensor
from tests.evaluate.made import InMemory

NUMBER = Scalar("double")


TABLE = InMemory(
    pa.schema(
        [("id", pa.int64()), ("b", pa.float64()), ("a", pa.float64()), ("image", pa.list_(pa.float32()))]
    ).empty_table()
)


def test_a_model_is_given_the_columns_of_its_signature_and_nothing_else() -> None:
    signature = Signature((Column("a", NUMBER), Column("b", NUMBER), Column("c", NUMBER, required=False)))

    assert features(signature, TABLE, "eval") == ("a", "b")


@pytest.mark.parametrize("spec", [Column("c", NUMBER), Tensor("c", "float64", (-1,))])
def test_a_column_that_a_model_needs_and_the_table_lacks_is_told(spec: Column | Tensor) -> None:
    with pytest.raises(GatehouseError) as raised:
        features(Signature((spec,)), TABLE, "data/eval.parquet")
    assert raised.value.message == "data/eval.parquet has no column 'c'"


def test_a_tensor_without_a_name_takes_the_one_list_column() -> None:
    signature = Signature((Tensor(None, "float32", (-1, 4)),))

    assert features(signature, TABLE, "eval") == ("image",)
    with pytest.raises(GatehouseError, match="eval has 0 list columns"):
        features(signature, InMemory(pa.schema([("a", pa.float64())]).empty_table()), "eval")


def test_columns_without_names_cannot_be_found() -> None:
    with pytest.raises(GatehouseError, match="does not name its columns"):
        features(Signature((Column(None, NUMBER),)), TABLE, "eval")
