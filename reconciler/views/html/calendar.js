// The calendar's page: reads the data block, keeps what is shown in the address, draws week, month or agenda.
// Values become text nodes, never HTML. Instants are seconds since 1970; a day is a number of days since then.
(() => {
  "use strict";

  const DAY = 86400;
  const ROWS_PER_BLOCK = 40;
  const PRINTED_ROWS_MAX = 1000;
  const LANES_MAX = 3;
  const CHIPS_MAX = 4;
  const CLASHES_AT_FIRST = 4;
  const MOVED = 1;
  const CHANGED = 2;
  const CLASHING = 4;
  const VIEWS = ["week", "month", "agenda"];

  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const main = at("main");
  const phone = matchMedia("(max-width: 640px)");

  // Elements

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "text") made.textContent = value;
      else if (name === "on") made.addEventListener("click", value);
      else if (name === "set") for (const [key, each] of Object.entries(value)) made.style.setProperty(key, each);
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== false));
    return made;
  }

  const button = (attributes, ...children) => element("button", { type: "button", ...attributes }, ...children);
  const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

  // Days and zones

  const dayOf = (text) => Date.parse(`${text}T00:00:00Z`) / 1000 / DAY;
  const written = (day) => new Date(day * DAY * 1000).toISOString().slice(0, 10);
  const weekday = (day) => (((day + 3) % 7) + 7) % 7;
  const monday = (day) => day - weekday(day);
  const formats = {};

  function shown(day, options) {
    const key = JSON.stringify(options);
    formats[key] ??= new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
    return formats[key].format(day * DAY * 1000);
  }

  const longDay = (day) => shown(day, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const shortDay = (day) => shown(day, { weekday: "short", day: "numeric", month: "short", year: "numeric" });

  function clock(seconds) {
    const minutes = Math.floor((((seconds % DAY) + DAY) % DAY) / 60);
    return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  }

  function monthStart(day, months = 0) {
    const date = new Date(day * DAY * 1000);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) / 1000 / DAY;
  }

  function isZone(zone) {
    try {
      return Boolean(zone) && Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
    } catch {
      return false;
    }
  }

  // The offset of a zone is asked for once a week of the calendar and searched for where it changes: asking for
  // each date would take longer than everything else together.
  function zoneOf(name) {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: name, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric",
    });
    const offsetAt = (seconds) => {
      const part = {};
      for (const { type, value } of format.formatToParts(seconds * 1000)) part[type] = Number(value);
      return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) / 1000 - seconds;
    };
    const first = (dayOf(data.from) - 2) * DAY;
    const last = (dayOf(data.to) + 400) * DAY;
    const changes = [{ from: -Infinity, offset: offsetAt(first) }];
    for (let known = first; known < last; known += 7 * DAY) {
      let low = known;
      let high = known + 7 * DAY;
      if (offsetAt(high) === changes[changes.length - 1].offset) continue;
      while (high - low > 60) {
        const middle = Math.floor((low + high) / 120) * 60;
        if (offsetAt(middle) === changes[changes.length - 1].offset) low = middle;
        else high = middle;
      }
      changes.push({ from: high, offset: offsetAt(known + 7 * DAY) });
    }
    return (seconds) => {
      let index = changes.length - 1;
      while (changes[index].from > seconds) index -= 1;
      return seconds + changes[index].offset;
    };
  }

  const zones = new Map();
  const local = (zone, seconds) => {
    if (!zones.has(zone)) zones.set(zone, zoneOf(zone));
    return zones.get(zone)(seconds);
  };

  // The data, unpacked: dates sorted by start in columns of numbers

  function unrolled(runs) {
    const values = runs.slice(0, 1);
    for (let index = 1; index < runs.length; index += 2) {
      for (let times = runs[index + 1]; times > 0; times -= 1) values.push(values[values.length - 1] + runs[index]);
    }
    return values;
  }

  function mark(flags, ranges, bit) {
    for (let index = 0; index < (ranges ?? []).length; index += 2) {
      for (let position = ranges[index]; position <= ranges[index + 1]; position += 1) flags[position] |= bit;
    }
  }

  const meetings = data.meetings;
  const counts = new Map();
  const dates = (() => {
    const all = [];
    meetings.forEach((meeting, number) => {
      const starts = unrolled(meeting.dates);
      const flags = new Uint8Array(starts.length);
      mark(flags, meeting.moved, MOVED);
      mark(flags, meeting.changed, CHANGED);
      mark(flags, meeting.clashing, CLASHING);
      for (const [position, start] of starts.entries()) all.push({ start, meeting: number, flags: flags[position] });
      counts.set(meeting.key, (counts.get(meeting.key) ?? 0) + starts.length);
      meeting.words = `${meeting.topic}\n${meeting.key}\n${meeting.host}`.toLowerCase();
    });
    return all.sort((one, other) => one.start - other.start || one.meeting - other.meeting);
  })();

  const hosts = [...new Set(meetings.map((meeting) => meeting.host))].sort();
  // Hues for as many hosts as there are, none of them near the red of a clash.
  const hues = new Map(hosts.map((host, number) => [host, Math.round(70 + ((number * 0.618034 + 0.55) % 1) * 265)]));
  const hue = (host) => ({ "--hue": String(hues.get(host) ?? 250) });

  const closures = data.closures.map((each) => ({ ...each, first: dayOf(each.from), last: dayOf(each.to) }));
  const ORDINAL_1970 = 719163;
  const skipped = new Map();
  for (const each of data.skipped) {
    for (const ordinal of unrolled(each.days)) {
      const day = ordinal - ORDINAL_1970;
      if (!skipped.has(day)) skipped.set(day, []);
      skipped.get(day).push(each);
    }
  }
  const closuresOn = (day) => closures.filter((each) => each.first <= day && day <= each.last);

  // What is shown: read from the address, written to it

  const readersZone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const windowFirst = dayOf(data.from);
  const windowLast = dayOf(data.to);
  const state = {};

  const now = () => Date.now() / 1000;
  const today = () => Math.floor(local(state.zone, now()) / DAY);
  const within = (day) => Math.min(Math.max(day, windowFirst), windowLast);

  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const day = dayOf(given.get("day") ?? "");
    state.view = VIEWS.includes(given.get("view")) ? given.get("view") : "week";
    state.zone = isZone(given.get("zone")) ? given.get("zone") : readersZone;
    state.text = given.get("text") ?? "";
    state.hosts = new Set(given.getAll("host").filter((host) => hues.has(host)));
    state.clashes = given.has("clashes");
    state.day = within(Number.isInteger(day) ? day : today());
  }

  function address() {
    const wanted = new URLSearchParams({ view: state.view, day: written(state.day) });
    if (state.zone !== readersZone) wanted.set("zone", state.zone);
    if (state.text) wanted.set("text", state.text);
    for (const host of [...state.hosts].sort()) wanted.append("host", host);
    if (state.clashes) wanted.set("clashes", "1");
    return `#${wanted}`.replaceAll("%2F", "/").replaceAll("%40", "@");
  }

  function change(part, { keep = false } = {}) {
    Object.assign(state, part);
    if (address() !== location.hash) history[keep ? "replaceState" : "pushState"](null, "", address());
    draw();
  }

  // The dates that pass the filters, by day in the zone of the reader

  let byDay = new Map();
  let matching = new Set();

  function wanted() {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    return meetings.map(
      (meeting) =>
        (state.hosts.size === 0 || state.hosts.has(meeting.host)) && words.every((word) => meeting.words.includes(word)),
    );
  }

  function filter() {
    const shows = wanted();
    byDay = new Map();
    matching = new Set();
    let total = 0;
    for (const date of dates) {
      if (!shows[date.meeting] || (state.clashes && !(date.flags & CLASHING))) continue;
      date.local = local(state.zone, date.start);
      const day = Math.floor(date.local / DAY);
      const known = byDay.get(day);
      if (known) known.push(date);
      else byDay.set(day, [date]);
      matching.add(meetings[date.meeting].key);
      total += 1;
    }
    return total;
  }

  const isFiltered = () => Boolean(state.text || state.hosts.size || state.clashes);
  const on = (day) => byDay.get(day) ?? [];
  const skippedOn = (day) => {
    if (state.clashes) return [];
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    return (skipped.get(day) ?? []).filter(
      (each) =>
        (state.hosts.size === 0 || state.hosts.has(each.host)) &&
        words.every((word) => `${each.topic}\n${each.key}\n${each.host}`.toLowerCase().includes(word)),
    );
  };

  // One date in words

  const endOf = (date) => date.start + meetings[date.meeting].seconds;
  const span = (zone, date) => `${clock(local(zone, date.start))} – ${clock(local(zone, endOf(date)))}`;

  function badges(date) {
    const names = [[CLASHING, "Clash", "badge alarm"], [MOVED, "Moved", "badge"], [CHANGED, "Changed", "badge"]];
    return names.filter(([bit]) => date.flags & bit).map(([, text, style]) => element("span", { class: style, text }));
  }

  // What a sighted reader sees from the place of a date on the page.
  function unseen(date) {
    const words = [span(state.zone, date), shortDay(Math.floor(date.local / DAY))];
    if (date.flags & CLASHING) words.push("clashes");
    return element("span", { class: "unseen", text: `, ${words.join(", ")}` });
  }

  const sign = (date) => (date.flags & CLASHING ? element("span", { class: "sign", "aria-hidden": "true", text: "!" }) : "");

  // Week

  function weekDays() {
    return Array.from({ length: 7 }, (_, number) => monday(state.day) + number);
  }

  function lanes(day) {
    const running = [...on(day - 1), ...on(day)]
      .map((date) => ({ date, from: Math.max(date.local - day * DAY, 0), to: date.local - day * DAY + meetings[date.meeting].seconds }))
      .filter((each) => each.to > 0);
    const placed = [];
    let cluster = [];
    let ends = [];
    let clusterEnd = -1;
    const close = () => {
      for (const each of cluster) each.lanes = ends.length;
      placed.push(...cluster);
      cluster = [];
      ends = [];
    };
    for (const each of running) {
      const to = Math.max(each.to, each.from + 1500);
      if (each.from >= clusterEnd) close();
      const free = ends.findIndex((end) => end <= each.from);
      each.lane = free < 0 ? ends.length : free;
      ends[each.lane] = to;
      clusterEnd = Math.max(clusterEnd, to);
      cluster.push(each);
    }
    close();
    return placed;
  }

  function eventOf(each, day) {
    const meeting = meetings[each.date.meeting];
    const long = (Math.min(each.to, DAY) - each.from) / 3600;
    return button(
      {
        class: `event hued${long >= (each.lanes > 1 ? 1.4 : 0.9) ? " tall" : ""}${each.lanes > 1 ? " shared" : ""}${each.date.flags & CLASHING ? " clashing" : ""}`,
        title: `${meeting.topic}\n${span(state.zone, each.date)}\n${meeting.host}`,
        "data-day": day,
        set: { ...hue(meeting.host), "--at": each.from / 3600, "--long": long, "--lane": each.lane, "--lanes": Math.min(each.lanes, LANES_MAX), "--lines": Math.max(Math.floor(long * 3 - 1.4), 1) },
        on: () => openDate(each.date),
      },
      element("b", {}, sign(each.date), element("bdi", { text: meeting.topic })),
      long >= 0.7 ? element("span", { text: each.lanes > 1 ? clock(each.date.local) : span(state.zone, each.date) }) : "",
      unseen(each.date),
    );
  }

  function moreOf(hidden, day) {
    const byHour = new Map();
    for (const each of hidden) {
      const hour = Math.floor(each.from / 3600);
      byHour.set(hour, (byHour.get(hour) ?? 0) + 1);
    }
    return [...byHour].map(([hour, count]) =>
      button({
        class: "event more",
        text: `+${count}`,
        "aria-label": `${plural(count, "more date")} on ${shortDay(day)} from ${clock(hour * 3600)}`,
        set: { "--at": hour, "--long": 1, "--lane": LANES_MAX - 1, "--lanes": LANES_MAX },
        on: () => change({ view: "agenda", day: within(day) }),
      }),
    );
  }

  function column(day) {
    const placed = lanes(day);
    const fits = (each) => each.lanes <= LANES_MAX || each.lane < LANES_MAX - 1;
    const made = element("div", { class: `column${day === today() ? " is-today" : ""}${closuresOn(day).length ? " closed" : ""}` });
    made.append(...placed.filter(fits).map((each) => eventOf(each, day)), ...moreOf(placed.filter((each) => !fits(each)), day));
    if (day === today()) made.append(element("div", { class: "now", set: { "--at": (local(state.zone, now()) - day * DAY) / 3600 } }));
    return made;
  }

  function allDay(day) {
    const made = closuresOn(day).map((each) => element("p", { class: "closure", title: each.name }, "Closed: ", element("bdi", { text: each.name })));
    const off = skippedOn(day);
    const title = off.map((each) => each.topic).slice(0, 20).join("\n");
    if (off.length) made.push(element("p", { class: "skipped", title, text: `${plural(off.length, "date")} skipped` }));
    return made;
  }

  function weekHead(day) {
    const remarks = allDay(day);
    return element(
      "div",
      { class: `week-head${day === today() ? " is-today" : ""}${remarks.length ? " has-remarks" : ""}` },
      element("h3", { "aria-label": longDay(day) }, element("b", { text: shown(day, { day: "numeric" }) }), shown(day, { weekday: "short" })),
      ...remarks,
    );
  }

  function strip(days) {
    const dayButton = (day) =>
      button(
        { class: day === today() ? "is-today" : false, "aria-pressed": String(day === state.day), on: () => change({ day: within(day) }) },
        shown(day, { weekday: "narrow" }),
        element("b", { text: shown(day, { day: "numeric" }) }),
        element("i", { class: on(day).length ? false : "none" }),
        element("span", { class: "unseen", text: `, ${longDay(day)}, ${plural(on(day).length, "date")}` }),
      );
    return element("div", { class: "strip", role: "group", "aria-label": "Days of the week" }, ...days.map(dayButton));
  }

  function drawWeek() {
    const days = weekDays();
    const columns = phone.matches ? [state.day] : days;
    const hours = Array.from({ length: 23 }, (_, hour) => element("span", { text: clock((hour + 1) * 3600), set: { "--at": hour + 1 } }));
    const grid = element(
      "div",
      { class: "week", set: { "--columns": columns.length } },
      element("div", { class: "week-head corner" }),
      ...columns.map(weekHead),
      element("div", { class: "hours", "aria-hidden": "true" }, ...hours),
      ...columns.map(column),
    );
    main.replaceChildren(...(phone.matches ? [strip(days)] : []), grid);
    // The few meetings of the night do not decide where the day begins.
    const starts = columns.flatMap((day) => on(day).map((date) => date.local - day * DAY)).sort((one, other) => one - other);
    const early = starts.length ? starts[Math.floor(starts.length / 6)] : 9 * 3600;
    const hour = grid.querySelector(".hours").offsetHeight / 24;
    main.scrollTop = Math.max(0, (Math.min(early, 14 * 3600) / 3600 - 0.5) * hour);
  }

  // Month

  function chip(date) {
    const meeting = meetings[date.meeting];
    return button(
      { class: `chip hued${date.flags & CLASHING ? " clashing" : ""}`, title: `${meeting.topic}\n${meeting.host}`, set: hue(meeting.host), on: () => openDate(date) },
      element("span", { class: "dot" }),
      element("span", { text: clock(date.local) }),
      element("b", {}, element("bdi", { text: meeting.topic })),
      sign(date),
      unseen(date),
    );
  }

  function cell(day) {
    const all = on(day);
    const remarks = allDay(day);
    const room = CHIPS_MAX - remarks.length;
    const few = all.slice(0, all.length > room ? room - 1 : room);
    const other = shown(day, { month: "numeric" }) !== shown(state.day, { month: "numeric" });
    const styles = ["cell", day === today() && "is-today", other && "other", closuresOn(day).length && "closed"];
    const marks = all.slice(0, 3).map((date) =>
      element("span", { class: `dot hued${date.flags & CLASHING ? " clashing" : ""}`, set: hue(meetings[date.meeting].host) }));
    const numbered = button({
      class: "cell-day",
      text: shown(day, { day: "numeric" }),
      "aria-label": `${longDay(day)}, ${plural(all.length, "date")}`,
      "aria-pressed": phone.matches ? String(day === state.day) : false,
      on: () => change(phone.matches ? { day: within(day) } : { view: "agenda", day: within(day) }),
    });
    const more = all.length > few.length &&
      button({ class: "more", text: `+${all.length - few.length} more`, "aria-label": `${all.length - few.length} more on ${longDay(day)}`, on: () => change({ view: "agenda", day: within(day) }) });
    return element("div", { class: styles.filter(Boolean).join(" ") }, numbered, ...remarks, ...few.map(chip), more, element("span", { class: "marks", "aria-hidden": "true" }, ...marks));
  }

  function drawMonth() {
    const first = monday(monthStart(state.day));
    const days = Array.from({ length: Math.ceil((monthStart(state.day, 1) - first) / 7) * 7 }, (_, number) => first + number);
    const heads = days.slice(0, 7).map((day) => element("div", { class: "month-head", text: shown(day, { weekday: phone.matches ? "narrow" : "short" }) }));
    main.replaceChildren(element("div", { class: "month" }, ...heads, ...days.map(cell)));
    if (phone.matches) {
      const list = element("div", { class: "agenda" }, daySection(state.day));
      main.append(list);
      list.querySelectorAll(".block").forEach(fill);
    }
    main.scrollTop = 0;
  }

  // Agenda: blocks of rows of one height, filled when they come near and emptied when they are far

  function line(date) {
    const meeting = meetings[date.meeting];
    return button(
      { class: "line hued", set: hue(meeting.host), on: () => openDate(date) },
      element("time", { datetime: new Date(date.start * 1000).toISOString(), text: span(state.zone, date) }),
      element("span", { class: "dot" }),
      element("span", { class: "what" }, element("b", {}, element("bdi", { text: meeting.topic })), ...badges(date)),
      element("span", { class: "who" }, element("bdi", { text: meeting.host })),
    );
  }

  function offLine(style, when, what, who) {
    return element("div", { class: `line off ${style}` }, element("span", { text: when }), element("span"), element("span", { class: "what" }, element("b", {}, element("bdi", { text: what }))), element("span", { class: "who" }, element("bdi", { text: who })));
  }

  function rowsOf(day) {
    return [
      ...closuresOn(day).map((each) => () => offLine("closure", "Closed", each.name, "")),
      ...on(day).map((date) => () => line(date)),
      ...skippedOn(day).map((each) => () => offLine("", "Skipped", each.topic, each.closure ?? "Skipped on this date")),
    ];
  }

  const contents = new WeakMap();

  function fill(block) {
    if (!block.firstChild) block.append(...contents.get(block).map((make) => element("li", {}, make())));
  }

  function daySection(day) {
    const rows = rowsOf(day);
    const blocks = [];
    for (let first = 0; first < rows.length; first += ROWS_PER_BLOCK) {
      const own = rows.slice(first, first + ROWS_PER_BLOCK);
      const block = element("ol", { class: "block", set: { "--rows": own.length } });
      contents.set(block, own);
      blocks.push(block);
    }
    const heading = element("h3", {}, longDay(day), element("small", { text: [day === today() && "Today", on(day).length > 0 && plural(on(day).length, "date")].filter(Boolean).join(", ") }));
    return element("section", { class: `day${day === today() ? " is-today" : ""}`, "data-day": day, "aria-label": longDay(day) }, heading, ...blocks);
  }

  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) fill(target);
        else if (!target.contains(document.activeElement)) target.replaceChildren();
      }
    },
    { root: main, rootMargin: "1200px 0px" },
  );

  function agendaDays() {
    const days = new Set(byDay.keys());
    if (!isFiltered()) for (const each of closures) for (let day = Math.max(each.first, windowFirst); day <= Math.min(each.last, windowLast); day += 1) days.add(day);
    for (const day of skipped.keys()) if (skippedOn(day).length) days.add(day);
    return [...days].sort((one, other) => one - other);
  }

  function drawAgenda() {
    const sections = agendaDays().map(daySection);
    if (!sections.length) return main.replaceChildren(nothing());
    main.replaceChildren(element("div", { class: "agenda" }, ...sections));
    const target = sections.find((section) => Number(section.dataset.day) >= state.day) ?? sections[sections.length - 1];
    main.scrollTop = target.offsetTop;
    drawnAt = main.scrollTop;
    main.querySelectorAll(".block").forEach((block) => {
      if (Math.abs(block.offsetTop - main.scrollTop) < main.clientHeight) fill(block);
      near.observe(block);
    });
    return undefined;
  }

  function nothing() {
    const text = isFiltered() ? "No date passes the filters." : "No meeting has a date in this calendar.";
    return element("p", { class: "empty" }, element("strong", { text: "Nothing here" }), text);
  }

  let settling = 0;
  let drawnAt = 0;
  main.addEventListener("scroll", () => {
    if (state.view !== "agenda" || main.scrollTop === drawnAt) return;
    drawnAt = -1;
    clearTimeout(settling);
    settling = setTimeout(() => {
      const sections = [...main.querySelectorAll(".day")];
      const first = sections.findLast((section) => section.offsetTop <= main.scrollTop + 8) ?? sections[0];
      if (!first || state.view !== "agenda") return;
      state.day = within(Number(first.dataset.day));
      history.replaceState(null, "", address());
      drawPeriod();
    }, 150);
  }, { passive: true });

  // One date, opened

  function together(date) {
    const keys = new Set(data.clashes.filter((each) => each.keys.includes(meetings[date.meeting].key)).flatMap((each) => each.keys));
    const isNear = (other) => other.start < endOf(date) + 3600 && endOf(other) > date.start - 3600;
    return dates.filter(
      (other) => other !== date && other.flags & CLASHING && isNear(other) && meetings[other.meeting].host === meetings[date.meeting].host && keys.has(meetings[other.meeting].key),
    );
  }

  function warning(date) {
    const free = new Set(data.clashes.filter((each) => each.keys.includes(meetings[date.meeting].key)).flatMap((each) => each.free));
    const others = together(date).map((other) =>
      element("p", {}, element("bdi", { text: meetings[other.meeting].topic }), ` ${span(state.zone, other)}`));
    return element(
      "div",
      { class: "warning" },
      element("strong", { text: "The host is booked more often than it can run" }),
      ...others,
      free.size ? element("p", { text: `Free on all dates: ${[...free].join(", ")}` }) : "",
    );
  }

  function field(name, ...value) {
    return element("div", {}, element("dt", { text: name }), element("dd", {}, ...value));
  }

  function when(zone, date) {
    const start = local(zone, date.start);
    return [longDay(Math.floor(start / DAY)), element("small", { text: `${span(zone, date)}, ${zone}` })];
  }

  function lasts(seconds) {
    const minutes = Math.round(seconds / 60);
    const parts = [minutes >= 60 && `${Math.floor(minutes / 60)} h`, minutes % 60 && `${minutes % 60} min`];
    return parts.filter(Boolean).join(" ");
  }

  function openDate(date) {
    const meeting = meetings[date.meeting];
    const close = button({ class: "button icon", "aria-label": "Close", on: () => at("details").close() }, element("span", { "aria-hidden": "true", text: "×" }));
    const own = isZone(meeting.zone) && local(meeting.zone, date.start) !== local(state.zone, date.start);
    at("details").replaceChildren(
      element("div", { class: "head hued", set: hue(meeting.host) }, element("h2", { id: "details-topic" }, element("bdi", { text: meeting.topic })), close),
      element("p", {}, ...badges(date)),
      element(
        "dl",
        {},
        field("When", ...when(state.zone, date)),
        own ? field("Its own zone", ...when(meeting.zone, date)) : "",
        field("Lasts", lasts(meeting.seconds)),
        field("Host", element("bdi", { text: meeting.host })),
        meeting.note ? field("Note", element("bdi", { text: meeting.note })) : "",
        field("Key", element("bdi", { text: meeting.key })),
        field("In this calendar", plural(counts.get(meeting.key), "date")),
      ),
      date.flags & CLASHING ? warning(date) : "",
      meeting.link ? element("a", { class: "join", href: meeting.link, rel: "noopener noreferrer", target: "_blank", text: "Join" }) : "",
    );
    at("details").showModal();
  }

  // The side

  function drawHosts() {
    const keys = new Map();
    for (const meeting of meetings) keys.set(meeting.host, (keys.get(meeting.host) ?? new Set()).add(meeting.key));
    const item = (host) => {
      const box = element("input", { type: "checkbox", value: host });
      box.addEventListener("change", () => {
        const chosen = new Set(state.hosts);
        if (box.checked) chosen.add(host);
        else chosen.delete(host);
        change({ hosts: chosen });
      });
      return element("li", {}, element("label", { class: "hued", title: host, set: hue(host) }, box, element("span", { class: "dot" }), element("span", { text: host }), element("small", { text: String(keys.get(host).size) })));
    };
    at("hosts").replaceChildren(...hosts.map(item));
    at("host-count").textContent = String(hosts.length);
  }

  function drawClashes() {
    // Of a room with several topics, one that clashes.
    const clashing = [...meetings].sort((one, other) => Boolean(one.clashing) - Boolean(other.clashing));
    const topics = new Map(clashing.map((meeting) => [meeting.key, meeting.topic]));
    const item = (clash) =>
      element("li", {}, button(
        { class: "card", on: () => showClash(clash) },
        ...clash.keys.map((key) => element("span", {}, element("bdi", { text: topics.get(key) ?? key }), element("br"))),
        element("small", { text: `${clash.host}: ${plural(clash.dates, "date")}, first ${shortDay(Math.floor(local(state.zone, clash.first) / DAY))} ${clock(local(state.zone, clash.first))}` }),
        clash.free.length ? element("small", { text: `Free: ${clash.free.join(", ")}` }) : "",
      ));
    at("clash-part").hidden = data.clashes.length === 0;
    at("clash-count").textContent = String(data.clashes.length);
    const most = at("clashes").childElementCount > CLASHES_AT_FIRST ? data.clashes.length : CLASHES_AT_FIRST;
    at("clashes").replaceChildren(...data.clashes.slice(0, most).map(item));
    at("all-clashes").hidden = data.clashes.length <= most;
    at("all-clashes").onclick = () => {
      at("clashes").append(...data.clashes.slice(most).map(item));
      at("all-clashes").hidden = true;
      at("clashes").children[most].querySelector("button").focus();
    };
  }

  function showClash(clash) {
    openSide(false);
    change({ view: "week", day: within(Math.floor(local(state.zone, clash.first) / DAY)), hosts: new Set([clash.host]), text: "" });
  }

  function drawClosures() {
    const item = (each) => element("li", {}, button(
      { class: "card", on: () => { openSide(false); change({ day: within(each.first) }); } },
      element("bdi", { text: each.name }),
      element("small", { text: each.first === each.last ? shortDay(each.first) : `${shortDay(each.first)} to ${shortDay(each.last)}` }),
    ));
    at("closure-part").hidden = closures.length === 0;
    at("closures").replaceChildren(...closures.map(item));
  }

  function drawZones() {
    const names = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [];
    const first = [...new Set([readersZone, data.zone, "UTC", ...meetings.map((meeting) => meeting.zone)])].filter(isZone).slice(0, 12);
    const option = (zone, text) => element("option", { value: zone, text });
    const notes = new Map([[data.zone, " (calendar)"], [readersZone, " (yours)"]]);
    const groups = new Map();
    for (const name of names) {
      const [area, ...rest] = name.split("/");
      if (!groups.has(area)) groups.set(area, []);
      groups.get(area).push(option(name, (rest.join(", ") || area).replaceAll("_", " ")));
    }
    at("zone").replaceChildren(
      element("optgroup", { label: "Here" }, ...first.map((zone) => option(zone, zone.replaceAll("_", " ") + (notes.get(zone) ?? "")))),
      ...[...groups].map(([area, options]) => element("optgroup", { label: area }, ...options)),
    );
  }

  // Everything

  function period() {
    const days = weekDays();
    if (state.view === "month") return shown(state.day, { month: "long", year: "numeric" });
    if (state.view === "agenda" || phone.matches) return shown(state.day, { weekday: "short", day: "numeric", month: "long", year: "numeric" });
    const sameMonth = shown(days[0], { month: "long" }) === shown(days[6], { month: "long" });
    return `${shown(days[0], sameMonth ? { day: "numeric" } : { day: "numeric", month: "short" })} – ${shown(days[6], sameMonth ? { day: "numeric", month: "long", year: "numeric" } : { day: "numeric", month: "short", year: "numeric" })}`;
  }

  function drawPeriod() {
    at("period").textContent = period();
    at("back").disabled = target(-1) === state.day;
    at("on").disabled = target(1) === state.day;
  }

  function draw() {
    const total = filter();
    near.disconnect();
    for (const each of document.querySelectorAll("[data-view]")) each.setAttribute("aria-pressed", String(each.dataset.view === state.view));
    for (const box of at("hosts").querySelectorAll("input")) box.checked = state.hosts.has(box.value);
    if (at("text").value !== state.text) at("text").value = state.text;
    if (![...at("zone").options].some((option) => option.value === state.zone)) at("zone").append(element("option", { value: state.zone, text: state.zone }));
    at("zone").value = state.zone;
    at("only-clashes").checked = state.clashes;
    at("clear").hidden = !isFiltered();
    at("count").textContent = `${plural(matching.size, "meeting")}, ${plural(total, "date")}.`;
    drawPeriod();
    ({ week: drawWeek, month: drawMonth, agenda: drawAgenda })[state.view]();
  }

  function target(direction) {
    if (state.view === "month") return within(monthStart(state.day, direction));
    return within(state.day + direction * (state.view === "week" && phone.matches ? 1 : 7));
  }

  const step = (direction) => change({ day: target(direction) });

  const actions = {
    w: () => change({ view: "week" }),
    m: () => change({ view: "month" }),
    a: () => change({ view: "agenda" }),
    t: () => change({ day: within(today()) }),
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    "/": () => { openSide(true); at("text").focus(); at("text").select(); },
    "?": () => at("keys").showModal(),
  };

  function openSide(open) {
    at("side").classList.toggle("open", open);
    at("filters").setAttribute("aria-expanded", String(open));
  }

  function listen() {
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && at("side").classList.contains("open")) { openSide(false); at("filters").focus(); }
      const typing = event.target.closest("input[type=search], select, dialog");
      if (typing || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(actions, event.key)) return;
      event.preventDefault();
      actions[event.key]();
    });
    for (const each of document.querySelectorAll("[data-view]")) each.addEventListener("click", () => change({ view: each.dataset.view }));
    at("back").addEventListener("click", () => step(-1));
    at("on").addEventListener("click", () => step(1));
    at("today").addEventListener("click", actions.t);
    at("help").addEventListener("click", actions["?"]);
    at("filters").addEventListener("click", () => openSide(!at("side").classList.contains("open")));
    at("clear").addEventListener("click", () => change({ text: "", hosts: new Set(), clashes: false }));
    at("text").addEventListener("input", () => change({ text: at("text").value }, { keep: true }));
    at("zone").addEventListener("change", () => { change({ zone: at("zone").value }); drawClashes(); });
    at("only-clashes").addEventListener("change", () => change({ clashes: at("only-clashes").checked }));
    at("skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
    for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    addEventListener("popstate", () => { read(); draw(); });
    phone.addEventListener("change", draw);
    addEventListener("beforeprint", print);
    addEventListener("afterprint", draw);
    setInterval(() => { const line = main.querySelector(".now"); if (line) line.style.setProperty("--at", (local(state.zone, now()) - today() * DAY) / 3600); }, 60000);
  }

  // Paper gets the agenda from the shown day on: a thousand rows, not a year of them.
  function print() {
    if (state.view !== "agenda") return;
    near.disconnect();
    let rows = 0;
    for (const section of main.querySelectorAll(".day")) {
      const isPast = Number(section.dataset.day) < state.day;
      if (isPast || rows >= PRINTED_ROWS_MAX) section.remove();
      else for (const block of section.querySelectorAll(".block")) { fill(block); rows += block.childElementCount; }
    }
  }

  state.zone = readersZone;
  drawHosts();
  drawClosures();
  drawZones();
  read();
  drawClashes();
  listen();
  draw();
})();
