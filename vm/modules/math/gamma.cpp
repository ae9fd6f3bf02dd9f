// The gamma function and its logarithm by Lanczos' approximation (Pugh's thesis, 2004; N = 13, g = 6.0246...).
#include <cerrno>
#include <cmath>
#include <limits>

#include "vm/modules/math/math.h"

namespace pt::math_module_parts {
namespace {

constexpr double kPi = 3.141592653589793238462643383279502884197;
constexpr double kLogPi = 1.144729885849400174143427351353058711647;
constexpr double kLanczosG = 6.024680040776729583740234375;
constexpr double kGMinusHalf = 5.524680040776729583740234375;
constexpr int kTerms = 13;
constexpr double kNumerator[kTerms] = {
    23531376880.410759688572007674451636754734846804940, 42919803642.649098768957899047001988850926355848959,
    35711959237.355668049440185451547166705960488635843, 17921034426.037209699919755754458931112671403265390,
    6039542586.3520280050642916443072979210699388420708, 1439720407.3117216736632230727949123939715485786372,
    248874557.86205415651146038641322942321632125127801, 31426415.585400194380614231628318205362874684987640,
    2876370.6289353724412254090516208496135991145378768, 186056.26539522349504029498971604569928220784236328,
    8071.6720023658162106380029022722506138218516325024, 210.82427775157934587250973392071336271166969580291,
    2.5066282746310002701649081771338373386264310793408};
constexpr double kDenominator[kTerms] = {0.0,       39916800.0, 120543840.0, 150917976.0, 105258076.0, 45995730.0, 13339535.0,
                                         2637558.0, 357423.0,   32670.0,     1925.0,      66.0,        1.0};
constexpr double kSmallFactorials[] = {1.0,
                                       1.0,
                                       2.0,
                                       6.0,
                                       24.0,
                                       120.0,
                                       720.0,
                                       5040.0,
                                       40320.0,
                                       362880.0,
                                       3628800.0,
                                       39916800.0,
                                       479001600.0,
                                       6227020800.0,
                                       87178291200.0,
                                       1307674368000.0,
                                       20922789888000.0,
                                       355687428096000.0,
                                       6402373705728000.0,
                                       121645100408832000.0,
                                       2432902008176640000.0,
                                       51090942171709440000.0,
                                       1124000727777607680000.0};

// x positive. Evaluated from the end that keeps the terms small.
double lanczos_sum(double x) {
  double numerator = 0.0, denominator = 0.0;
  if (x < 5.0) {
    for (int i = kTerms; --i >= 0;) {
      numerator = numerator * x + kNumerator[i];
      denominator = denominator * x + kDenominator[i];
    }
  } else {
    for (int i = 0; i < kTerms; ++i) {
      numerator = numerator / x + kNumerator[i];
      denominator = denominator / x + kDenominator[i];
    }
  }
  return numerator / denominator;
}

// sin(pi x), exact at multiples of one half.
double sin_pi(double x) {
  double y = std::fmod(std::fabs(x), 2.0);
  double r = 1.0;
  switch (static_cast<int>(std::round(2.0 * y))) {
    case 0: r = std::sin(kPi * y); break;
    case 1: r = std::cos(kPi * (y - 0.5)); break;
    case 2: r = std::sin(kPi * (1.0 - y)); break;  // -sin(pi*(y-1)) would give -0.0 at 1
    case 3: r = -std::cos(kPi * (y - 1.5)); break;
    case 4: r = std::sin(kPi * (y - 2.0)); break;
    default: break;
  }
  return std::copysign(1.0, x) * r;
}

}  // namespace

double gamma(double x, int* error) {
  *error = 0;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (!std::isfinite(x)) {
    if (std::isnan(x) || x > 0.0) return x;
    *error = EDOM;
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (x == 0.0) {
    *error = EDOM;
    return std::copysign(kInfinity, x);
  }
  if (x == std::floor(x)) {
    if (x < 0.0) {
      *error = EDOM;
      return std::numeric_limits<double>::quiet_NaN();
    }
    if (x <= 23.0) return kSmallFactorials[static_cast<int>(x) - 1];
  }
  double size = std::fabs(x);
  if (size < 1e-20) {
    double r = 1.0 / x;
    if (std::isinf(r)) *error = ERANGE;
    return r;
  }
  if (size > 200.0) {
    if (x < 0.0) return 0.0 / sin_pi(x);
    *error = ERANGE;
    return kInfinity;
  }
  double y = size + kGMinusHalf;
  // The rounding error of y, to correct the power by.
  double z;
  if (size > kGMinusHalf) {
    double q = y - size;
    z = q - kGMinusHalf;
  } else {
    double q = y - kGMinusHalf;
    z = q - size;
  }
  z = z * kLanczosG / y;
  double r;
  // Beyond 140 the power itself would overflow: take it in two halves.
  if (x < 0.0) {
    r = -kPi / sin_pi(size) / size * std::exp(y) / lanczos_sum(size);
    r -= z * r;
    if (size < 140.0) {
      r /= std::pow(y, size - 0.5);
    } else {
      double half = std::pow(y, size / 2.0 - 0.25);
      r /= half;
      r /= half;
    }
  } else {
    r = lanczos_sum(size) / std::exp(y);
    r += z * r;
    if (size < 140.0) {
      r *= std::pow(y, size - 0.5);
    } else {
      double half = std::pow(y, size / 2.0 - 0.25);
      r *= half;
      r *= half;
    }
  }
  if (std::isinf(r)) *error = ERANGE;
  return r;
}

double log_gamma(double x, int* error) {
  *error = 0;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (!std::isfinite(x)) return std::isnan(x) ? x : kInfinity;
  if (x == std::floor(x) && x <= 2.0) {
    if (x > 0.0) return 0.0;
    *error = EDOM;
    return kInfinity;
  }
  double size = std::fabs(x);
  if (size < 1e-20) return -std::log(size);
  double r = std::log(lanczos_sum(size)) - kLanczosG;
  r += (size - 0.5) * (std::log(size + kLanczosG - 0.5) - 1.0);
  if (x < 0.0) r = kLogPi - std::log(std::fabs(sin_pi(size))) - std::log(size) - r;
  if (std::isinf(r)) *error = ERANGE;
  return r;
}

}  // namespace pt::math_module_parts
