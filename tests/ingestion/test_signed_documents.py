"""Documents of the data acquisition format, and their signatures, checked by other means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cbor2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_uploads import VECTORS

from ei_runner_core import InvalidInputError
from ei_runner_core._http.secrets import Secret
from ei_runner_core.ingestion import AcquisitionDocument, sign, verify

ZEROS = b"0" * 64
KEY = "schlüssel"
vectors = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])


def document(values: Any = ((1.0, 2.0), (3.5, -4.0)), **told: Any) -> AcquisitionDocument:
    told = {"sensors": (("x", "m/s2"), ("größe", "N/A")), "interval_ms": 10, **told}
    return AcquisitionDocument(values=np.asarray(values, dtype=np.float64), **told)


def both_forms(made: AcquisitionDocument, key: str | None = KEY) -> tuple[bytes, bytes]:
    return made.to_json(key), made.to_cbor(key)


def independent_signature(signed: bytes, signature: str, key: str) -> str:
    """By cutting the bytes apart where the signature stands, without any of our code."""
    before, after = signed.split(signature.encode())
    return hmac.new(key.encode(), before + ZEROS + after, hashlib.sha256).hexdigest()


def from_vector(vector: dict[str, Any]) -> AcquisitionDocument:
    told = json.loads(base64.b64decode(vector["signed_bytes_base64"]))
    payload = told["payload"]
    values = [[np.nan if x is None else x for x in row] for row in payload["values"]]
    return AcquisitionDocument(
        sensors=tuple((sensor["name"], sensor["units"]) for sensor in payload["sensors"]),
        interval_ms=payload["interval_ms"],
        values=np.array(values, dtype=np.float64),
        device_name=payload.get("device_name"),
        device_type=payload["device_type"],
        iat=told["protected"]["iat"],
    )


@vectors
def test_recorded_documents_verify(vector: dict[str, Any]) -> None:
    signed = base64.b64decode(vector["signed_bytes_base64"])
    assert verify(signed, vector["hmac_key"])
    assert not verify(signed, vector["hmac_key"] + " ")


@vectors
def test_recorded_documents_are_made_from_their_fields(vector: dict[str, Any]) -> None:
    style = "python" if vector["name"].startswith("python") else "javascript"
    made = from_vector(vector).to_json(vector["hmac_key"], non_finite="null", style=style)
    assert made == base64.b64decode(vector["signed_bytes_base64"])


@vectors
def test_recorded_documents_are_signed_in_their_place(vector: dict[str, Any]) -> None:
    signed = base64.b64decode(vector["signed_bytes_base64"])
    offset = vector["signature_offset"]
    assert signed[offset : offset + 64] == vector["signature"].encode()
    assert sign(signed[:offset] + ZEROS + signed[offset + 64 :], vector["hmac_key"]) == signed


@pytest.mark.parametrize("form", [0, 1], ids=["json", "cbor"])
def test_signatures_are_right_by_an_independent_computation(form: int) -> None:
    signed = both_forms(document())[form]
    read = (json.loads, cbor2.loads)[form](signed)
    assert read["signature"] == independent_signature(signed, read["signature"], KEY)
    assert verify(signed, KEY)
    assert verify(signed, Secret(KEY))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.parametrize("form", [0, 1], ids=["json", "cbor"])
def test_openssl_computes_the_same_signature(form: int, tmp_path: Path) -> None:
    signed = both_forms(document(), "0123456789abcdef")[form]
    signature = (json.loads, cbor2.loads)[form](signed)["signature"]
    zeroed = tmp_path / "document"
    zeroed.write_bytes(signed.replace(signature.encode(), ZEROS))
    command = ["openssl", "dgst", "-sha256", "-hmac", "0123456789abcdef", str(zeroed)]
    answer = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert answer.stdout.decode().strip().endswith(signature)


def test_both_forms_hold_the_same_document() -> None:
    made = document(device_name="ac:87", iat=1795359302)
    as_json, as_cbor = both_forms(made, None)
    assert json.loads(as_json) == cbor2.loads(as_cbor)
    assert list(cbor2.loads(as_cbor)) == ["protected", "signature", "payload"]
    assert json.loads(as_json) == {
        "protected": {"ver": "v1", "alg": "none", "iat": 1795359302},
        "signature": "0" * 64,
        "payload": {
            "device_name": "ac:87",
            "device_type": "EI_RUNNER",
            "interval_ms": 10,
            "sensors": [{"name": "x", "units": "m/s2"}, {"name": "größe", "units": "N/A"}],
            "values": [[1, 2], [3.5, -4]],
        },
    }


def test_the_same_values_always_give_the_same_bytes() -> None:
    assert both_forms(document()) == both_forms(document())


@pytest.mark.parametrize("form", [0, 1], ids=["json", "cbor"])
def test_the_signature_stands_in_its_field_even_where_other_texts_look_like_it(form: int) -> None:
    lookalike = ZEROS.decode()
    made = document(device_name=lookalike, sensors=((lookalike, "N/A"), ('"signature":"', "m")))
    signed = both_forms(made)[form]
    read = (json.loads, cbor2.loads)[form](signed)
    assert read["signature"] != lookalike
    assert read["payload"]["device_name"] == read["payload"]["sensors"][0]["name"] == lookalike
    assert verify(signed, KEY)


def any_order(first: bytes, second: bytes, third: bytes) -> bytes:
    return b"{" + b" ,\n".join((first, second, third)) + b"}"


def test_fields_may_come_in_any_order_and_layout() -> None:
    payload = b'"payload" : {"signature": "' + ZEROS + b'", "n": [1, {"x": "\\"}"}], "\xc3\xa4": 1}'
    field = b'"signature"\t:\n"' + ZEROS + b'"'
    protected = b'"protected": {"alg":"HS256"}'
    for order in ((payload, field, protected), (field, protected, payload)):
        signed = sign(any_order(*order), KEY)
        assert verify(signed, KEY)
        assert json.loads(signed)["payload"]["signature"] == ZEROS.decode()
        assert json.loads(signed)["signature"] != ZEROS.decode()


def test_cbor_with_open_lengths_and_tags_is_signed_as_devices_write_it() -> None:
    text = cbor2.dumps
    values = b"\x9f" + b"\x83\x01\xf9\x3c\x00\xfb" + b"\x3f" + bytes(7) + b"\xff"
    payload = b"\xbf" + text("values") + values + text("b") + b"\x5f\x41\x00\xff" + b"\xff"
    fields = (
        text("payload") + payload,
        text("signature") + text(ZEROS.decode()),
        text("protected") + b"\xbf" + text("alg") + text("HS256") + b"\xff",
    )
    for head, end in ((b"\xa3", b""), (b"\xbf", b"\xff"), (b"\xd9\xd9\xf7\xa3", b"")):
        signed = sign(head + b"".join(fields) + end, KEY)
        assert verify(signed, KEY)
        assert len(cbor2.loads(signed)["signature"]) == 64
        assert not verify(signed.replace(b"\xf9\x3c\x00", b"\xf9\x3c\x01"), KEY)


@pytest.mark.parametrize("form", [0, 1], ids=["json", "cbor"])
def test_a_changed_byte_is_found(form: int) -> None:
    signed = bytearray(both_forms(document())[form])
    signed[-4] ^= 1
    assert not verify(bytes(signed), KEY)


@pytest.mark.parametrize("form", [0, 1], ids=["json", "cbor"])
def test_an_unsigned_document_does_not_verify(form: int) -> None:
    made = both_forms(document(), None)[form]
    assert ZEROS in made
    assert not verify(made, KEY)
    with pytest.raises(InvalidInputError, match="'none', expected 'HS256'"):
        sign(made, KEY)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"\x00", b"[]", b"{", b'{"signature"}', b'{"a": 1', b"\xa1", b"\xa1\x61", b"\xbf\x61a",
     b"\xa1\x61a\x9f\x01", b"\xa1\x61a\x1c", b"{\xff}", b'{"a":' + b"[" * 100_000, b"\xa1\x61a\x5a",
     b"\xa1\x61a\x7b" + b"\xff" * 8, b"\x81" * 100_000],
)  # fmt: skip
def test_damaged_documents_are_refused(damaged: bytes) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        verify(damaged, KEY)


def test_documents_without_a_place_for_the_signature_are_refused() -> None:
    for held in (b'""', b"null", b'"' + b"0" * 63 + b'"', b'"' + b"\\u0030" + b"0" * 63 + b'"'):
        made = b'{"protected":{"alg":"HS256"},"signature":' + held + b"}"
        assert not verify(made, KEY)
        with pytest.raises(InvalidInputError, match="64 characters"):
            sign(made, KEY)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for start in (b"", b"{", b"\xa2", b"\xbf"):
        try:
            assert not verify(start + data, KEY)
        except InvalidInputError as error:
            assert "\n" not in str(error)  # noqa: PT017


cbor_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(cbor_values)
def test_the_signature_is_found_behind_any_payload(payload: Any) -> None:
    fields = {"payload": payload, "signature": "0" * 64, "protected": {"alg": "HS256", "n": [1]}}
    signed = sign(cbor2.dumps(fields), KEY)
    assert len(signed) == len(cbor2.dumps(fields))
    assert verify(signed, KEY)


@given(st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2)))
def test_values_keep_every_bit(values: list[list[float]]) -> None:
    as_json, as_cbor = both_forms(document(np.reshape(np.array(values, float), (-1, 2))))
    # Numbers without a point are floats as well, in JavaScript and here.
    assert json.loads(as_json, parse_int=float)["payload"]["values"] == values
    assert cbor2.loads(as_cbor)["payload"]["values"] == values


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (-0.0, "0"), (1.0, "1"), (-10.5, "-10.5"), (1e16, "10000000000000000"),
     (1.5e20, "150000000000000000000"), (1e21, "1e+21"), (-1.25e22, "-1.25e+22"),
     (1e-6, "0.000001"), (-1.5e-5, "-0.000015"), (1e-7, "1e-7"), (1.2e-7, "1.2e-7"),
     (5e-324, "5e-324"), (123456789012345680.0, "123456789012345680")],
)  # fmt: skip
def test_numbers_are_written_as_javascript_writes_them(number: float, text: str) -> None:
    made = document(np.array([[number, 2.0]])).to_json().decode()
    assert made.endswith(f'"values":[[{text},2]]}}}}')


def test_texts_are_left_alone_by_the_writing_of_numbers() -> None:
    name = '1.0 "2.0" \\ 1e+16 \u2028\x1f'
    made = document(sensors=((name, "1.0"), ("y", "N/A"))).to_json()
    assert json.loads(made)["payload"]["sensors"][0] == {"name": name, "units": "1.0"}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_with_their_place(bad: float) -> None:
    made = document([[1.0, 2.0], [3.0, bad]])
    for encode in (made.to_json, made.to_cbor):
        with pytest.raises(InvalidInputError, match=r"values\[1\]\[1\] is -?(nan|inf)"):
            encode()
    assert json.loads(made.to_json(non_finite="null"))["payload"]["values"][1] == [3, None]
    assert cbor2.loads(made.to_cbor(non_finite="null"))["payload"]["values"][1] == [3, None]


@pytest.mark.parametrize(
    ("told", "message"),
    [({"interval_ms": 0}, "interval_ms is 0"), ({"interval_ms": np.nan}, "interval_ms is nan"),
     ({"interval_ms": True}, "interval_ms is True"), ({"iat": np.inf}, "iat is inf"),
     ({"sensors": ()}, "no sensors"), ({"sensors": (("x", "V"),)}, r"shape \(2, 2\)"),
     ({"sensors": (("x", 1), ("y", "V"))}, "is 1, expected a text"),
     ({"device_type": "\ud800"}, "UTF-8 cannot hold")],
)  # fmt: skip
def test_wrong_fields_are_refused_by_name(told: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        document(**told).to_json()


@pytest.mark.parametrize("dtype", ["U1", "complex64", "bool", "object"])
def test_values_of_other_types_are_refused(dtype: str) -> None:
    made = AcquisitionDocument(
        sensors=(("x", "V"),), interval_ms=1, values=np.ones(3).astype(dtype)
    )
    with pytest.raises(InvalidInputError, match="expected integers or floats"):
        made.to_json()


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float16", "float32", "longdouble"])
def test_real_numbers_of_all_types_are_written(dtype: str) -> None:
    made = AcquisitionDocument(
        sensors=(("x", "V"),), interval_ms=np.float32(2.5), values=np.arange(3).astype(dtype)
    )
    assert json.loads(made.to_json())["payload"]["values"] == [[0], [1], [2]]
    assert cbor2.loads(made.to_cbor())["payload"]["values"] == [[0], [1], [2]]
