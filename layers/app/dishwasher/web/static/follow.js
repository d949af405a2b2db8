// Follows a build that runs: replaces the regions that changed and appends what the log has grown.
// The server renders all of it, so that a page looks the same with and without this script.
"use strict";

const KEPT = 60; // parts of a log that the page keeps; older ones stay in the raw log
const SOON = 800;
const LATE = 5000;
const main = document.querySelector("main[data-follow]");
const log = document.getElementById("log");
const open = document.getElementById("open");
const shown = {};
let wait = SOON;

function atBottom() {
  return window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 60;
}

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function ago(date) {
  const seconds = (Date.now() - date) / 1000;
  if (seconds > 30 * 86400) return date.toLocaleDateString("en", { dateStyle: "medium" });
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
  }
  return "just now";
}

function tellTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    time.textContent = ago(date);
    time.title = date.toLocaleString("en", { dateStyle: "full", timeStyle: "long" });
  }
}

function replaceRegion(name, html) {
  const region = document.getElementById(name);
  if (!region || shown[name] === html) return;
  // What the reader has folded stays folded.
  const folds = new Map([...region.querySelectorAll("details[id]")].map((d) => [d.id, d.open]));
  shown[name] = html;
  region.innerHTML = html;
  for (const fold of region.querySelectorAll("details[id]")) {
    if (folds.has(fold.id)) fold.open = folds.get(fold.id);
  }
  tellTimes(region);
  const titled = region.querySelector("[data-title]");
  if (titled) document.title = titled.dataset.title;
}

function grow(answer) {
  if (answer.html) {
    const part = document.createElement("div");
    part.className = "part";
    part.innerHTML = answer.html;
    log.insertBefore(part, open);
    const parts = log.querySelectorAll(".part:not(#open)");
    if (parts.length > KEPT) parts[0].remove();
  }
  if (open.innerHTML !== answer.open) open.innerHTML = answer.open;
  const empty = document.getElementById("empty");
  if (empty && (answer.html || answer.open)) empty.remove();
  log.dataset.start = answer.start;
  log.dataset.line = answer.line;
  log.dataset.style = answer.style;
}

async function look() {
  const url = new URL(main.dataset.follow, location.href);
  if (log) {
    for (const name of ["start", "line", "style"]) url.searchParams.set(name, log.dataset[name]);
  }
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw new Error(response.status);
  const answer = await response.json();
  if (log && String(answer.attempt) !== main.dataset.attempt) {
    location.reload();
    return true;
  }
  const follow = atBottom() && window.scrollY > 0;
  for (const [name, html] of Object.entries(answer.regions)) replaceRegion(name, html);
  const grew = log && (answer.html || answer.more);
  if (log) grow(answer);
  if (follow) window.scrollTo(0, document.documentElement.scrollHeight);
  wait = answer.more ? 0 : grew ? SOON : Math.min(wait * 1.3 + 50, document.hidden ? 15000 : LATE);
  return answer.over && !answer.more;
}

async function run() {
  for (let ended = false; !ended; ) {
    await new Promise((done) => setTimeout(done, wait));
    try {
      ended = await look();
    } catch {
      wait = Math.min(wait * 2 + 500, 15000); // the server restarts, or the line is down
    }
  }
}

tellTimes(document);
setInterval(tellTimes, 30000, document);
if (main) run();
