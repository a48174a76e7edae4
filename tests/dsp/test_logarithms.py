from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ei_runner_core.dsp.logarithms import cheap_log10, natural_log

POSITIVE = hnp.arrays(
    np.float32, st.integers(1, 50), elements=st.floats(2.0**-120, 2.0**120, width=32)
)


@given(POSITIVE)
def test_the_cheap_logarithm_is_off_by_four_ten_thousandths_at_most(values):
    assert np.abs(cheap_log10(values) - np.log10(values.astype(np.float64))).max() <= 4.1e-4


@given(POSITIVE)
def test_the_cheap_logarithm_is_a_cubic_by_horners_rule_in_float32(values):
    coefficients = np.float32(
        [1.23149591368684, -4.11852516267426, 6.02197014179219, -3.13396450166353]
    )
    mantissa, exponent = np.frexp(values)
    log2 = coefficients[0]
    for coefficient in coefficients[1:]:
        log2 = log2 * mantissa + coefficient
    expected = (log2 + exponent.astype(np.float32)) * np.float32(0.3010299956639812)
    np.testing.assert_array_equal(cheap_log10(values), expected, strict=True)


@given(POSITIVE)
def test_the_cheap_logarithm_takes_the_absolute_value(values):
    np.testing.assert_array_equal(cheap_log10(-values), cheap_log10(values))


@given(POSITIVE)
def test_the_natural_logarithm_is_nearly_accurate(values):
    exact = np.log(values.astype(np.float64))
    np.testing.assert_allclose(natural_log(values), exact, rtol=2e-6, atol=2e-5)


@given(POSITIVE)
def test_logarithms_may_replace_their_input(values):
    for logarithm in (cheap_log10, natural_log):
        expected, replaced = logarithm(values), values.copy()
        assert expected.dtype == np.float32
        assert logarithm(replaced, replaced) is replaced
        np.testing.assert_array_equal(replaced, expected)
