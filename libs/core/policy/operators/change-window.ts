import { type ChangeWindow, type Truth, WEEKDAYS } from '../policy.types.js';

const CLOCK = /^([01][0-9]|2[0-3]):([0-5][0-9])$/;
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d{1,9})?Z$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MONTH_OFFSETS = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];

/** Minutes since midnight of `HH:MM`; 1440 for `24:00`. */
export const parseClock = (text: string): number | undefined => {
  if (text === '24:00') return 1440;
  const match = CLOCK.exec(text);
  return match ? Number(match[1]) * 60 + Number(match[2]) : undefined;
};

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** 0 = Monday. Tomohiko Sakamoto's congruence, so that the core needs no Date. */
const weekdayOf = (year: number, month: number, day: number): number => {
  const y = month < 3 ? year - 1 : year;
  const sunday0 =
    y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + (MONTH_OFFSETS[month - 1] ?? 0) + day;
  return (sunday0 + 6) % 7;
};

/** Weekday (0 = Monday) and minute of a strict RFC 3339 UTC instant; undefined for anything else. */
export const readInstant = (now: string): { weekday: number; minute: number } | undefined => {
  const match = INSTANT.exec(now);
  if (!match) return undefined;
  const [year, month, day, hour, minute] = match.slice(1, 6).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const monthDays = (MONTH_DAYS[month - 1] ?? 0) + (month === 2 && isLeap(year) ? 1 : 0);
  if (day < 1 || day > monthDays) return undefined;
  return { weekday: weekdayOf(year, month, day), minute: hour * 60 + minute };
};

/**
 * Is the recorded instant inside the weekly window? `from` counts, `to` does not. When `to` is not later than `from`,
 * the window runs over midnight and belongs to the day it starts on. Only UTC: daylight saving rules change, and a
 * replay years later must still give the same answer. Unknown when `now` is not a strict RFC 3339 UTC instant.
 * @throws TypeError when the window's times are not `HH:MM`.
 */
export const compileChangeWindow = (window: ChangeWindow): ((now: string) => Truth) => {
  const from = parseClock(window.from);
  const to = parseClock(window.to);
  if (from === undefined || to === undefined) throw new TypeError('changeWindow: times are HH:MM');
  const days = new Set(window.days.map((day) => WEEKDAYS.indexOf(day)));
  return (now) => {
    const instant = readInstant(now);
    if (instant === undefined) return undefined;
    const { weekday, minute } = instant;
    if (from < to) return days.has(weekday) && minute >= from && minute < to;
    return (days.has(weekday) && minute >= from) || (days.has((weekday + 6) % 7) && minute < to);
  };
};
