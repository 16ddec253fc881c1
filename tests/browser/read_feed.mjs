// Reads a feed from stdin with ical.js, and prints start, end and topic of every date of a window as JSON.
// The window: two instants in RFC 3339, as arguments; the third one is the folder with node_modules.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [from, to, folder] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/`));
const ICAL = (await import(pathToFileURL(require.resolve("ical.js")))).default;

const DAY = 86_400_000;
const [start, end] = [Date.parse(from), Date.parse(to)];
const feed = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
for (const zone of feed.getAllSubcomponents("vtimezone")) {
  ICAL.TimezoneService.register(zone.getFirstPropertyValue("tzid"), new ICAL.Timezone(zone));
}

const events = feed.getAllSubcomponents("vevent");
const isOwn = (each) => each.hasProperty("recurrence-id");
const uidOf = (each) => each.getFirstPropertyValue("uid");
const found = [];
for (const whole of events.filter((each) => !isOwn(each))) {
  // Without these options it would relate the single dates of all other events too.
  const exceptions = events.filter((each) => isOwn(each) && uidOf(each) === uidOf(whole));
  const event = new ICAL.Event(whole, { strictExceptions: true, exceptions });
  for (const date of datesOf(event)) {
    const lasts = date.item.duration.toSeconds() * 1000;
    const at = date.startDate.toJSDate().getTime();
    if (at < end && at + lasts > start) {
      found.push([at, at + lasts, date.item.summary]);
    }
  }
}
console.log(JSON.stringify(found));

function* datesOf(event) {
  if (!event.isRecurring()) {
    yield { item: event, startDate: event.startDate };
    return;
  }
  const iterator = event.iterator();
  // A moved date may be in the window when its own one is not.
  for (let date = iterator.next(); date; date = iterator.next()) {
    if (date.toJSDate().getTime() > end + 60 * DAY) {
      return;
    }
    yield event.getOccurrenceDetails(date);
  }
}
