// Opens a painting within the visit. A link would load the page anew, and lose the photo that the visitor has chosen.
// With the browser's Back, the page is where it was: Streamlit scrolls a part of the page, which browsers do not remember.
const KEY = "pastiche-places"; // in the tab's storage: [path, pixels] of the pages that were left last
const PLACES = 20;
const SECONDS = 8; // that a page is waited for
let isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
addEventListener("popstate", () => (isBack = true));
addEventListener("click", () => (isBack = false), true);

// Streamlit takes two steps to a painting: from /gallery to /gallery?job=… to /?job=…. Back would stop between them.
const push = history.pushState;
history.pushState = function (state, unused, address) {
  const next = new URL(address, location.href);
  const isSecond = next.searchParams.has("job") && next.search === location.search && next.pathname !== location.pathname;
  (isSecond ? history.replaceState : push).call(history, state, unused, address);
};

const scroller = () => document.querySelector("[data-testid=stMain]");
const places = () => {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"));
  } catch {
    return new Map(); // storage is blocked
  }
};

export default function ({ setTriggerValue }) {
  const open = (event) => {
    remember();
    const link = event.composedPath().find((element) => element.matches?.("a.card, a.frame"));
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    setTriggerValue("job", new URL(link.href).searchParams.get("job"));
  };
  document.addEventListener("click", open, true);
  if (isBack) goBack();
  isBack = false;
  return () => document.removeEventListener("click", open, true);
}

function remember() {
  const known = places();
  known.delete(location.pathname);
  known.set(location.pathname, scroller()?.scrollTop ?? 0);
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...known].slice(-PLACES)));
  } catch {} // storage is blocked
}

// Until the page is as long as it was, and nothing else has moved it for a while. The visitor's own scrolling ends it.
function goBack() {
  const top = places().get(location.pathname);
  if (!top) return;
  const end = performance.now() + 1000 * SECONDS;
  let steady = 0, isMoved = false;
  const stop = () => (isMoved = true);
  const ways = ["wheel", "touchstart", "keydown", "pointerdown"];
  for (const way of ways) addEventListener(way, stop, { once: true, passive: true });
  const step = () => {
    const main = scroller();
    if (isMoved || performance.now() > end) return;
    if (main && main.scrollHeight - main.clientHeight >= top) {
      steady = Math.abs(main.scrollTop - top) < 2 ? steady + 1 : 0;
      main.scrollTop = top;
    }
    if (steady < 30) requestAnimationFrame(step);
  };
  step();
}
