#include "vm/modules/datetime/iso_parse.h"

#include "vm/modules/datetime/datetime.h"

namespace pt::datetime {
namespace {

constexpr char kOther = '\x7f';  // stands for any character that is not ASCII

// The characters, with a zero at the end where reading may always look.
class Characters {
 public:
  explicit Characters(const Str* text) {
    int64_t length = text->length;
    begin_ = reinterpret_cast<const char*>(text->data1());
    if (!text->ascii) {
      // All after this many are digits of a fraction, or the text is none; and those do not matter.
      if (length > kLongest) length = kLongest;
      for (int64_t i = 0; i < length; ++i) {
        uint32_t c = text->at(i);
        copy_[i] = c < 0x80 ? static_cast<char>(c) : kOther;
      }
      for (int64_t i = length; i < text->length; ++i) {
        if (text->at(i) < '0' || text->at(i) > '9') copy_[kLongest - 1] = kOther;
      }
      copy_[length] = 0;
      begin_ = copy_;
    }
    end_ = begin_ + length;
  }
  const char* begin() const { return begin_; }
  const char* end() const { return end_; }
  int64_t length() const { return end_ - begin_; }

 private:
  static constexpr int64_t kLongest = 128;
  const char *begin_, *end_;
  char copy_[kLongest + 1];
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Exactly `count` digits; moves on past them.
bool read_digits(const char** at, int64_t count, int* out) {
  *out = 0;
  for (; count > 0; --count, ++*at) {
    if (!is_digit(**at)) return false;
    *out = *out * 10 + (**at - '0');
  }
  return true;
}

// YYYY-MM-DD, YYYYMMDD, YYYY-Www[-D], YYYYWww[D]; `length` 7, 8 or 10.
bool read_date(const char* text, int64_t length, CalendarDate* out) {
  const char *at = text, *end = text + length;
  if (!read_digits(&at, 4, &out->year)) return false;
  bool dashes = *at == '-';
  at += dashes;
  auto separator = [&] { return !dashes || *at++ == '-'; };
  if (*at == 'W') {
    ++at;
    IsoDate iso{out->year, 0, 1};
    if (!read_digits(&at, 2, &iso.week)) return false;
    if (at != end && (!separator() || !read_digits(&at, 1, &iso.weekday))) return false;
    return from_iso(iso, out) == IsoError::kNone;
  }
  return read_digits(&at, 2, &out->month) && separator() && read_digits(&at, 2, &out->day) && at == end;
}

enum class ClockEnd { kBad, kComplete, kMore };
// HH[:MM[:SS]][.ffffff] or the same without colons, of text[0, end). kMore: the character at the end is not the text's last.
ClockEnd read_clock_text(const char* at, const char* end, int* hour, int* minute, int* second, int* microsecond) {
  int* fields[] = {hour, minute, second};
  bool colons = true;
  *hour = *minute = *second = *microsecond = 0;
  for (int i = 0; i < 3; ++i) {
    if (!read_digits(&at, 2, fields[i])) return ClockEnd::kBad;
    char c = *at++;
    if (i == 0) colons = c == ':';
    if (at >= end) return c ? ClockEnd::kMore : ClockEnd::kComplete;
    if (colons && c == ':') continue;
    if (c == '.' || c == ',') break;
    if (colons) return ClockEnd::kBad;
    --at;
  }
  int64_t digits = end - at < 6 ? end - at : 6;
  if (!read_digits(&at, digits, microsecond)) return ClockEnd::kBad;
  for (; digits < 6; ++digits) *microsecond *= 10;
  while (is_digit(*at)) ++at;  // what is finer than microseconds
  return *at ? ClockEnd::kMore : ClockEnd::kComplete;
}

bool read_time(const char* text, const char* end, IsoTime* out) {
  const char* zone = text;
  while (zone < end && *zone != '+' && *zone != '-' && *zone != 'Z') ++zone;
  ClockEnd clock = read_clock_text(text, zone, &out->hour, &out->minute, &out->second, &out->microsecond);
  if (clock == ClockEnd::kBad) return false;
  if (zone == end) return clock == ClockEnd::kComplete;
  out->has_offset = true;
  if (*zone == 'Z') return zone[1] == 0;
  int sign = *zone == '-' ? -1 : 1;
  int hour, minute, second;
  if (read_clock_text(zone + 1, end, &hour, &minute, &second, &out->offset_microseconds) != ClockEnd::kComplete) return false;
  out->offset_seconds = sign * (hour * 3600 + minute * 60 + second);
  out->offset_microseconds *= sign;
  return true;
}

// Where the date ends; -1 when it cannot be told. Of a text of at least 7 characters.
int64_t date_length(const Characters& text) {
  const char* s = text.begin();
  int64_t length = text.length();
  if (length == 7) return 7;
  if (s[4] == '-') {
    if (s[5] != 'W') return 10;
    if (length == 8 || s[8] != '-') return 8;
    if (length == 9) return -1;
    // YYYY-Www-D, or YYYY-Www and a time after a dash.
    return length > 10 && is_digit(s[10]) ? 8 : 10;
  }
  if (s[4] != 'W') return 8;
  // YYYYWww or YYYYWwwD. A time that follows without a separator of its own has an even number of digits.
  int64_t digits_end = 7;
  while (digits_end < length && is_digit(s[digits_end])) ++digits_end;
  if (digits_end < 9) return digits_end;
  return digits_end % 2 == 0 ? 7 : 8;
}

}  // namespace

bool parse_iso_date(const Str* text, CalendarDate* out) {
  if (text->length != 7 && text->length != 8 && text->length != 10) return false;
  Characters characters(text);
  return read_date(characters.begin(), characters.length(), out);
}

bool parse_iso_time(const Str* text, IsoTime* out) {
  Characters characters(text);
  const char* begin = characters.begin();
  if (*begin == 'T') ++begin;
  return read_time(begin, characters.end(), out);
}

bool parse_iso_datetime(const Str* text, CalendarDate* date, IsoTime* time) {
  Characters characters(text);
  if (characters.length() < 7) return false;
  int64_t end = date_length(characters);
  if (end < 0 || end > characters.length() || !read_date(characters.begin(), end, date)) return false;
  if (end == characters.length()) return true;
  // Any one character separates.
  return read_time(characters.begin() + end + 1, characters.end(), time);
}

Ref<> iso_timezone(const IsoTime& time) {
  if (!time.has_offset) return none_ref();
  if (time.offset_seconds == 0) return Ref<>::retain(timezone_utc());
  Ref<> offset = delta_new(0, time.offset_seconds, time.offset_microseconds);
  return offset ? timezone_new(offset.value(), Value()) : Ref<>();
}

}  // namespace pt::datetime
