// Asks how a visitor who looks elsewhere wants to be told that a painting is done, and tells them.
const KEY = "pastiche-done"; // in the browser's storage: the ways chosen
const watched = new Set(); // what this tab has waited for
const NOTES = [[659, 0], [880, 0.18]]; // Hertz, and seconds from the start

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".done-notice");
  root.hidden = !data.waits;
  if (data.waits) {
    watched.add(data.id);
    show(root, data);
  } else if (watched.delete(data.id)) tell(data);
}

const chosen = () => {
  try {
    return new Set(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
  } catch {
    return new Set(); // storage is blocked
  }
};
const canNotify = () => "Notification" in window && "serviceWorker" in navigator && Notification.permission !== "denied";

function show(root, data) {
  root.querySelector(".notify").hidden = !("Notification" in window && "serviceWorker" in navigator); // both need HTTPS
  for (const box of root.querySelectorAll("input")) {
    box.checked = chosen().has(box.value) && (box.value !== "notify" || canNotify());
    box.onchange = () => choose(root, box, data);
  }
}

async function choose(root, box, data) {
  const say = (words) => (root.querySelector("p").textContent = words);
  say("");
  if (box.checked && box.value === "notify" && (await Notification.requestPermission()) !== "granted") {
    box.checked = false;
    return say("Your browser does not allow notifications of this page. You can change that in its settings.");
  }
  if (box.checked && box.value === "sound") play();
  if (box.checked && box.value === "notify") registered(data.worker);
  const ways = [...root.querySelectorAll("input:checked")].map((each) => each.value);
  try {
    localStorage.setItem(KEY, JSON.stringify(ways));
  } catch {
    say("Your browser stores nothing for this page, so this is forgotten when you leave it.");
  }
}

function tell(data) {
  const ways = chosen();
  if (ways.has("sound")) play();
  if (!document.hidden && document.hasFocus()) return;
  mark(data);
  if (ways.has("notify") && canNotify() && Notification.permission === "granted") notify(data);
}

function play() {
  const context = new AudioContext();
  for (const [hertz, start] of NOTES) {
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    const at = context.currentTime + start;
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.25, at + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.9);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 1);
    tone.onended = () => start && context.close();
  }
}

// The tab's title and icon, until the visitor looks at it.
function mark(data) {
  const icons = () => [...document.querySelectorAll("link[rel~=icon]")];
  const before = icons().map((icon) => [icon, icon.href]);
  const title = document.title.replace(/^✓ /, "");
  const set = () => {
    document.title = `✓ ${title}`;
    for (const icon of icons()) icon.href = data.icon;
  };
  set();
  const later = setTimeout(set, 1000); // the page may still be setting its own
  const restore = () => {
    if (document.hidden || !document.hasFocus()) return;
    clearTimeout(later);
    for (const name of ["visibilitychange", "focus"]) removeEventListener(name, restore, true);
    document.title = document.title.replace(/^✓ /, "");
    for (const [icon, href] of before) icon.href = href;
  };
  for (const name of ["visibilitychange", "focus"]) addEventListener(name, restore, true);
}

// By a service worker: on phones there is no other way.
async function notify(data) {
  const registration = await registered(data.worker);
  await registration?.showNotification(data.title, { body: data.words, icon: data.picture, tag: data.id, data: location.href });
}

async function registered(script) {
  try {
    const registration = await navigator.serviceWorker.register(script);
    const starting = registration.installing ?? registration.waiting;
    if (!registration.active) {
      await new Promise((done) => starting.addEventListener("statechange", () => starting.state === "activated" && done()));
    }
    return registration;
  } catch {
    return null; // the browser allows none in this window
  }
}
