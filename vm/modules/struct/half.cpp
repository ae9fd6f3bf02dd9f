// IEEE 754 half precision.
#include <cmath>
#include <limits>

#include "vm/modules/struct/format.h"

namespace pt::structs {

bool half_from_double(double x, uint16_t* out) {
  auto sign = static_cast<uint16_t>(std::signbit(x) ? 0x8000 : 0);
  if (x == 0.0) {
    *out = sign;
    return true;
  }
  if (!std::isfinite(x)) {
    *out = sign | (std::isnan(x) ? 0x7e00 : 0x7c00);
    return true;
  }
  int exponent;
  double fraction = std::frexp(std::fabs(x), &exponent) * 2.0;  // in [1, 2)
  --exponent;
  if (exponent >= 16) return false;
  if (exponent < -25) {
    fraction = 0.0;  // below half of the least subnormal
    exponent = 0;
  } else if (exponent < -14) {
    fraction = std::ldexp(fraction, 14 + exponent);
    exponent = 0;
  } else {
    exponent += 15;
    fraction -= 1.0;
  }
  fraction *= 1024.0;
  auto bits = static_cast<unsigned>(fraction);
  fraction -= bits;
  if (fraction > 0.5 || (fraction == 0.5 && bits % 2)) ++bits;
  if (bits == 1024) {
    bits = 0;
    if (++exponent == 31) return false;
  }
  *out = static_cast<uint16_t>(sign | static_cast<unsigned>(exponent) << 10 | bits);
  return true;
}

double double_from_half(uint16_t bits) {
  double sign = bits & 0x8000 ? -1.0 : 1.0;
  int exponent = (bits >> 10) & 0x1f;
  int fraction = bits & 0x3ff;
  if (exponent == 31) {
    double special = fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    return std::copysign(special, sign);
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<double>(fraction), -24);
  return sign * std::ldexp(1.0 + fraction / 1024.0, exponent - 15);
}

}  // namespace pt::structs
