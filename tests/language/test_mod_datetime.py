# _datetime: what CPython's own test_datetime does not ask.
import copy
import datetime as module
import inspect
import pickle
import sys
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta, timezone, tzinfo

from checks import raises


def check(condition, what=None):
    assert condition, what


class Zone(tzinfo):
    def __init__(self, offset=None, dst=None, name=None):
        self.answers = offset, dst, name

    def utcoffset(self, dt):
        return self.answers[0]

    def dst(self, dt):
        return self.answers[1]

    def tzname(self, dt):
        return self.answers[2]


class MyDate(date):
    pass


class MyDateTime(datetime):
    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls, *args, **kwargs)
        self.seen = len(args)
        return self


class MyDelta(timedelta):
    pass


def message(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def test_names():
    check(date.__module__ == "datetime" and repr(datetime) == "<class 'datetime.datetime'>")
    check(UTC is timezone.utc is timezone(timedelta(0)))
    check((MINYEAR, MAXYEAR) == (1, 9999))
    check(repr(date.year) == "<attribute 'year' of 'datetime.date' objects>")
    check(repr(timedelta.days) == "<member 'days' of 'datetime.timedelta' objects>")
    check(inspect.ismemberdescriptor(timedelta.days) and inspect.isgetsetdescriptor(datetime.hour))
    check(message(setattr, date, "max", 3) == "TypeError: cannot set 'max' attribute of immutable type 'datetime.date'")
    check(message(setattr, timedelta(1), "days", 3) == "AttributeError: readonly attribute")
    check(message(lambda: date.nothing) == "AttributeError: type object 'datetime.date' has no attribute 'nothing'")
    check(message(lambda: date(1, 1, 1).nothing) == "AttributeError: 'datetime.date' object has no attribute 'nothing'")


def test_constructor_messages():
    check(message(date) == "TypeError: function missing required argument 'year' (pos 1)")
    check(message(date, 1, 2, 3, 4) == "TypeError: function takes at most 3 arguments (4 given)")
    check(message(time, 1, 2, 3, 4, None, 1) == "TypeError: function takes at most 5 positional arguments (6 given)")
    check(message(time, x=1) == "TypeError: 'x' is an invalid keyword argument for this function")
    check(message(timedelta, x=1) == "TypeError: 'x' is an invalid keyword argument for __new__()")
    check(message(date, 1.0, 1, 1) == "TypeError: 'float' object cannot be interpreted as an integer")
    check(message(date, 2**40, 1, 1) == "OverflowError: signed integer is greater than maximum")
    check(message(date, 2**70, 1, 1) == "OverflowError: Python int too large to convert to C long")
    check(message(datetime, 1, 2, 3, tzinfo=8)
          == "TypeError: tzinfo argument must be None or of a tzinfo subclass, not type 'int'")
    check(message(timezone, timedelta(1)).startswith("ValueError: offset must be a timedelta strictly between"))
    check(message(timezone, timedelta(0), None) == "TypeError: timezone() argument 2 must be str, not None")


def test_sums_are_exact():
    # Parts that do not fit in 64 bits, and cancel.
    check(timedelta(days=10**30, hours=-24 * 10**30) == timedelta(0))
    check(timedelta(days=10**30, hours=-24 * 10**30, microseconds=1.5) == timedelta(microseconds=2))
    check(timedelta(microseconds=.5) == timedelta(0) and timedelta(microseconds=1.5) == timedelta(microseconds=2))
    check(timedelta(microseconds=1, seconds=.0000005) == timedelta(microseconds=2))
    check(timedelta(microseconds=1) * 2**62 // 2**62 == timedelta(microseconds=1))
    check(timedelta(microseconds=7) // 10**30 == timedelta(0))
    check(-timedelta(microseconds=7) // 10**30 == timedelta(microseconds=-1))
    check(timedelta(microseconds=7) / 10**30 == timedelta(0))
    check(timedelta.max / timedelta.resolution == 8.64e19)
    check(timedelta.max // timedelta.resolution == 86399999999999999999)
    check(timedelta.max.total_seconds() == 86400000000000.0)
    check(timedelta(microseconds=3) / 2 == timedelta(microseconds=2) and timedelta(microseconds=5) / 2 == timedelta(microseconds=2))
    check(timedelta(microseconds=3) / -2 == timedelta(microseconds=-2))
    raises(OverflowError, lambda: timedelta(1) * 10**30)
    raises(OverflowError, timedelta, 10**400)
    check(message(timedelta, float("nan")) == "ValueError: cannot convert float NaN to integer")
    check(message(timedelta, float("inf")) == "OverflowError: cannot convert float infinity to integer")


def test_division_by_zero():
    check(message(lambda: timedelta(1) / 0) == "ZeroDivisionError: integer division or modulo by zero")
    check(message(lambda: timedelta(1) / timedelta(0)) == "ZeroDivisionError: division by zero")
    check(message(lambda: timedelta(1) % timedelta(0)) == "ZeroDivisionError: integer modulo by zero")
    check(message(lambda: divmod(timedelta(1), timedelta(0))) == "ZeroDivisionError: integer division or modulo by zero")


def test_classes_of_results():
    check(type(MyDate(1, 1, 1) + timedelta(1)) is MyDate)
    check(type(MyDate(1, 1, 1).replace(day=2)) is MyDate)
    shifted = MyDateTime(2020, 1, 1, tzinfo=UTC) + timedelta(1)
    check(type(shifted) is MyDateTime and shifted.seen == 8)
    # replace() calls no constructor.
    check(not hasattr(MyDateTime(2020, 1, 1).replace(year=1), "seen"))
    check(datetime.combine(date(1, 1, 1), time(1, fold=1)).fold == 1)
    check(MyDateTime.combine(date(1, 1, 1), time(1, fold=1)).fold == 0)
    check(MyDateTime.fromisoformat("2020-01-01").seen == 8)
    check(MyDateTime(2020, 1, 1, tzinfo=UTC).astimezone(timezone(timedelta(hours=1))).seen == 8)
    for delta in (MyDelta(1) + MyDelta(1), -MyDelta(1), +MyDelta(1), abs(MyDelta(1)), MyDelta(1) * 2, MyDelta(1) // 2):
        check(type(delta) is timedelta)
    check(repr(MyDelta(1, 2, 3)) == "MyDelta(days=1, seconds=2, microseconds=3)")


def test_states():
    check(date(b"\x07\xe4\x01\x02") == date("\x07\xe4\x01\x02") == date(2020, 1, 2))
    check(time(b"\x81\x02\x03\x00\x00\x01").fold == 1)
    check(datetime(b"\x07\xe4\x81\x02\x01\x02\x03\x00\x00\x01", UTC) == datetime(2020, 1, 2, 1, 2, 3, 1, UTC))
    check(message(time, b"\x01\x02\x03\x00\x00\x01", 3) == "TypeError: bad tzinfo state arg")
    # Fields out of their ranges do no harm.
    odd = date(b"\xff\xff\x0c\xff")
    check(repr(odd) == "datetime.date(65535, 12, 255)" and odd.isoformat() == "65535-12-255")
    if sys.implementation.name == "cpython":  # which crashes
        return
    for state in (b"\xff\xff\x0c\xff\xff\xff\xff\xff\xff\xff", b"\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"):
        strange = datetime(state, timezone(timedelta(hours=5)))
        for name in dir(strange):
            if not name.startswith("__") and name not in ("min", "max", "resolution"):
                message(getattr(strange, name)) if callable(getattr(strange, name)) else None
        message(hash, strange), message(str, strange), message(repr, strange), message(format, strange, "%c %z")
        message(lambda: strange - timedelta(1)), message(lambda: strange - datetime(1, 1, 1, tzinfo=UTC))
        message(lambda: strange < datetime(1, 1, 1, tzinfo=UTC)), message(pickle.dumps, strange)
    check(repr(time(b"\x17\xff\xff\xff\xff\xff")) == "datetime.time(23, 255, 255, 16777215)")


def test_copies():
    zone = Zone(timedelta(hours=1), timedelta(0), "zone")
    values = [date(1, 2, 3), datetime(1, 2, 3, 4, 5, 6, 7, UTC, fold=1), time(1, 2, 3, 4, fold=1), timedelta(-1, 2, 3), UTC,
              timezone(timedelta(hours=-1), "x"), timezone.max, MyDate(1, 1, 1), MyDateTime(1, 1, 1), MyDelta(4),
              datetime(2020, 1, 1).isocalendar()]
    for value in values:
        for copied in [copy.copy(value), copy.deepcopy(value)] + [pickle.loads(pickle.dumps(value, p)) for p in range(6)]:
            check(copied == value and hash(copied) == hash(value))
    check(pickle.loads(pickle.dumps(zone)).answers == zone.answers)
    check(pickle.loads(pickle.dumps(UTC)) is UTC)
    check(pickle.loads(pickle.dumps(time(1, fold=1), 4)).fold == 1 and pickle.loads(pickle.dumps(time(1, fold=1), 3)).fold == 0)


def test_asking_a_tzinfo():
    check(message(datetime(1, 1, 1, tzinfo=Zone(3)).utcoffset)
          == "TypeError: tzinfo.utcoffset() must return None or timedelta, not 'int'")
    check(message(datetime(1, 1, 1, tzinfo=Zone(None, timedelta(2))).dst)
          == "ValueError: offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24).")
    check(message(datetime(1, 1, 1, tzinfo=Zone(None, None, 3)).tzname)
          == "TypeError: tzinfo.tzname() must return None or a string, not 'int'")
    check(message(datetime(1, 1, 1, tzinfo=tzinfo()).tzname) == "NotImplementedError: a tzinfo subclass must implement tzname()")
    check(message(UTC.utcoffset, 3) == "TypeError: utcoffset(dt) argument must be a datetime instance or None, not int")
    check(message(lambda: datetime(1, 1, 1) < datetime(1, 1, 1, tzinfo=UTC))
          == "TypeError: can't compare offset-naive and offset-aware datetimes")
    check(message(lambda: datetime(1, 1, 1) < date(1, 1, 1)) == "TypeError: can't compare datetime.datetime to datetime.date")
    check(datetime(1, 1, 1) != date(1, 1, 1) and time(1) != time(1, tzinfo=UTC))
    check(datetime(2020, 1, 1, tzinfo=UTC) == datetime(2020, 1, 1, 1, tzinfo=Zone(timedelta(hours=1))))


def test_iso_forms():
    for text, value in [("2020W01112", datetime(2019, 12, 30, 12)), ("2020-W01-12:00", datetime(2019, 12, 30, 12)),
                        ("2020-W01-1T12", datetime(2019, 12, 30, 12)), ("20200101T120000,5", datetime(2020, 1, 1, 12, 0, 0, 500000)),
                        ("2020-01-01\U0001F60012:30Z", datetime(2020, 1, 1, 12, 30, tzinfo=UTC)),
                        ("2020-01-01\ud80012", datetime(2020, 1, 1, 12)),
                        ("2020-01-01T12:00:00.1234567890-00:00:30", datetime(2020, 1, 1, 12, 0, 30, 123456, UTC))]:
        check(datetime.fromisoformat(text) == value, text)
    for text in ("2020", "2020-01-01T", "2020-W01-", "2021-W53-1", "2020-1-1", "2020-01-01T1", "2020-01-01T12:00+", "2020-0101",
                 "2020-01-01T12:0000", "2020-01-01T12:00:00.", "2020-01-01T12:00 ", "\ud8002020-01-01"):
        check(message(datetime.fromisoformat, text) == f"ValueError: Invalid isoformat string: {text!r}", text)
    check(time.fromisoformat("T12:30.5") == time(12, 30, 0, 500000))
    check(message(date.fromisoformat, 3) == "TypeError: fromisoformat: argument must be str")
    check(message(date.fromisocalendar, 2021, 53, 1) == "ValueError: Invalid week: 53")
    check(message(date.fromisocalendar, 10**30, 1, 1) == "ValueError: ISO calendar component out of range")


def test_iso_calendar_of_all_years():
    for year in range(1990, 2031):
        for month, day in ((1, 1), (1, 3), (1, 4), (6, 30), (12, 28), (12, 31)):
            d = date(year, month, day)
            iso = d.isocalendar()
            check(date.fromisocalendar(*iso) == d and iso.weekday == d.isoweekday() and iso[0] == iso.year)
            check(date.fromordinal(d.toordinal()) == d)
            check((d - date(year, 1, 1)).days + 1 == d.timetuple().tm_yday)
    check(repr(date(2005, 1, 1).isocalendar()) == "datetime.IsoCalendarDate(year=2004, week=53, weekday=6)")
    check(date.fromordinal(3652059) == date.max and date.max.isocalendar() == (9999, 52, 5))


def test_text():
    stamp = datetime(1, 2, 3, 4, 5, 6, 7, Zone(timedelta(hours=-1, seconds=3, microseconds=5), None, "a%b"))
    check(stamp.strftime("%z|%Z|%f|%%z|%") == "-005956.999995|a%b|000007|%z|%")
    check(stamp.isoformat("\u1234", "milliseconds") == "0001-02-03\u123404:05:06.000-00:59:56.999995")
    check(str(stamp) == "0001-02-03 04:05:06.000007-00:59:56.999995")
    check(f"{date(2020, 1, 2):%d.%m.}" == "02.01." and f"{time(1, 2)}" == "01:02:00")
    check(message(stamp.isoformat, 3) == "TypeError: isoformat() argument 1 must be a unicode character, not int")
    check(message(stamp.isoformat, timespec="x") == "ValueError: Unknown timespec value")
    check(str(timedelta(-1, 2, 3)) == "-1 day, 0:00:02.000003")
    check(date(2020, 1, 1).ctime() == "Wed Jan  1 00:00:00 2020")


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
