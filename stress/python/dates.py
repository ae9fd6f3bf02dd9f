"""Shared dates and times: hashes that several threads ask for first, arithmetic and text give what one thread computes."""

import datetime

import common


class Zone(datetime.tzinfo):
    def utcoffset(self, moment):
        return datetime.timedelta(hours=1, minutes=self.minutes)

    def dst(self, moment):
        return datetime.timedelta(0)

    def tzname(self, moment):
        return "zone"


def make(n):
    zone = Zone()
    zone.minutes = n % 30
    day = datetime.date(2000 + n % 50, n % 12 + 1, n % 28 + 1)
    clock = datetime.time(n % 24, n % 60, n % 60, n % 1000)
    utc = datetime.datetime.combine(day, clock, datetime.timezone.utc)
    return [day, clock, utc, utc.replace(tzinfo=None), utc.astimezone(zone), utc.timetz(), utc.isocalendar(),
            datetime.timedelta(n, n, n), datetime.timezone(datetime.timedelta(minutes=n % 1000))]


def observe(values):
    day, clock, utc, naive, local, *_ = values
    step = values[7]
    return ([hash(v) for v in values], [str(v) for v in values], [repr(v) for v in values[:3]], utc == local, local - utc,
            (utc + step) - step == utc, (naive - step).isoformat(), day + step > day, local.strftime("%Y %z %Z %f"),
            datetime.datetime.fromisoformat(local.isoformat()) == utc, utc.timestamp(), clock < datetime.time.max)


def body(n):
    values = [make(n * 8 + i) for i in range(8)]
    expected = [observe(make(n * 8 + i)) for i in range(8)]

    def worker(index):
        for i in range(8):
            at = (index + i) % 8
            common.equal(observe(values[at]), expected[at], "dates")

    common.run_threads(worker)


common.main(lambda: common.phases(body))
