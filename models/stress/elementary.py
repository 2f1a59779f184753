"""exp, log, sine, cosine and power in plain Python, with the same bits on every device.

Only +, -, *, / and two exact exponent moves are used, no libm: IEEE 754 fixes the result of each, so
CPython, LLVM's vector code, g++ and nvcc agree bit for bit as long as none of them contracts a * b + c
into a fused multiply-add. Everything is free of branches that depend on the argument, so that many paths
can go through one vector register.

The hooks `scale2`, `split` and `bits` are written here for CPython; the compiled executors replace them by
operations on the bits of the number with the same result.

Polynomials: interpolation of the function at the Chebyshev nodes of the reduced interval, computed with
60 digits, highest power first. The largest error is below 1 unit in the last place for exp and log, and below
2 for sine and cosine.
"""

import struct
from math import frexp, ldexp

LN2_HIGH = 0.6931471803691238  # ln 2 cut to 32 bits, so that n * LN2_HIGH is exact for |n| < 2**21
LN2_LOW = 1.9082149292705877e-10  # ln 2 - LN2_HIGH
LOG2_E = 1.4426950408889634
ROUND = 6755399441055744.0  # 1.5 * 2**52: adding and subtracting it rounds to the nearest integer
SQRT_HALF = 0.7071067811865476
SMALLEST = 2.2250738585072014e-308  # smallest normal number
EXP_LOWEST = -708.0  # below, the result would no longer be a normal number
EXP_HIGHEST = 709.0  # above, it would overflow
WORD_TO_RADIANS = 1.4629180792671596e-09  # 2 pi / 2**32


def scale2(x: float, n: float) -> float:
    """Hook: x * 2**n exactly, for a whole n and a result that is a normal number."""
    return ldexp(x, int(n))


def split(x: float) -> tuple[float, float]:
    """Hook: (m, k) with x = m * 2**k exactly and m in [sqrt(1/2), sqrt(2)), for a normal x > 0."""
    m, k = frexp(x)
    return (m * 2.0, k - 1.0) if m < SQRT_HALF else (m, float(k))


def bits(x: float) -> int:
    """Hook: the 64 bits of x as a signed whole number."""
    return int(struct.unpack("<q", struct.pack("<d", x))[0])


def exp(x: float) -> float:
    """e**x; x is taken as -708 below that and as 709 above that. exp(0) is exactly 1."""
    x = x if x > EXP_LOWEST else EXP_LOWEST
    x = x if x < EXP_HIGHEST else EXP_HIGHEST
    n = (x * LOG2_E + ROUND) - ROUND
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    p = 2.510038549551032e-08
    p = p * r + 2.7620088445409746e-07
    p = p * r + 2.7557268459997064e-06
    p = p * r + 2.4801521295954376e-05
    p = p * r + 0.00019841269863053618
    p = p * r + 0.0013888888917213717
    p = p * r + 0.008333333333330062
    p = p * r + 0.04166666666662413
    p = p * r + 0.16666666666666669
    p = p * r + 0.5
    return scale2((p * (r * r) + r) + 1.0, n)


def log(x: float) -> float:
    """Natural logarithm of a normal x > 0. log(1) is exactly 0."""
    m, k = split(x)
    f = m - 1.0
    s = f / (m + 1.0)  # log(m) = 2 artanh(s)
    z = s * s
    p = 0.14616585424888623
    p = p * z + 0.15331710618210773
    p = p * z + 0.18182889455674947
    p = p * z + 0.22222211130259878
    p = p * z + 0.2857142862600327
    p = p * z + 0.39999999999899444
    p = p * z + 0.6666666666666667
    half = 0.5 * f * f  # log(m) = f - half + s (half + z p): the leading term stays exact
    return k * LN2_HIGH - ((half - (s * (half + z * p) + k * LN2_LOW)) - f)


def sincos(word: int) -> tuple[float, float]:
    """(sin, cos) of the angle 2 pi word / 2**32, for a whole word in [0, 2**32).

    The quadrant is taken from the word's top bits, so the reduction is exact.
    """
    quadrant = (word + 0x20000000) >> 30
    f = (((word + 0x20000000) & 0x3FFFFFFF) - 0x20000000) * WORD_TO_RADIANS  # in [-pi/4, pi/4)
    z = f * f
    p = 1.5918129294866608e-10
    p = p * z - 2.5051131845003624e-08
    p = p * z + 2.755731610255244e-06
    p = p * z - 0.00019841269836758574
    p = p * z + 0.008333333333330948
    p = p * z - 0.16666666666666666
    sine = f * z * p + f
    p = -1.1382632425521717e-11
    p = p * z + 2.08761462684032e-09
    p = p * z - 2.7557317271729793e-07
    p = p * z + 2.480158729876569e-05
    p = p * z - 0.0013888888888887398
    p = p * z + 0.041666666666666664
    cosine = z * z * p - 0.5 * z + 1.0
    a = sine if (quadrant & 1) == 0 else cosine
    b = cosine if (quadrant & 1) == 0 else sine
    return (a if (quadrant & 2) == 0 else -a, b if ((quadrant + 1) & 2) == 0 else -b)


def power(base: float, exponent: float) -> float:
    """base ** exponent for exponent >= 0; 0 for a base that is not positive, but always 1 for exponent 0.

    Exactly 1 at base 1; otherwise the relative error is about (1 + |exponent ln base|) 1e-16.
    """
    return 1.0 if exponent == 0.0 or base == 1.0 else exp(exponent * log(base)) if base >= SMALLEST else 0.0
