// Says in the studio's own words why the browser refused a file, and brings what is said of a refused photo into view: a photo can be pasted
// or dropped anywhere on the page. Streamlit's words only name the file's type or the limit, after "Error:".
const PHOTOS = ".st-key-photo, .st-key-further_photos";
const PAUSE = 3000; // milliseconds, after which this is another visit to the form
const OPENED = ".st-key-photo_panel [data-testid=stPopoverButton][aria-expanded=true]";
const CHIP = "[data-testid=stFileChip]";

export default function ({ data }) {
  // Kept by the page, since Streamlit may replace this element while files are read. `handed` is how many came last, `waits` whether they
  // are still being read, `refused` what is said of some of them, and `left` when this element was last removed.
  const kept = (document.handedFiles ??= { handed: 0, waits: false, refused: [], left: Infinity });
  if (Date.now() - kept.left > PAUSE) kept.refused = [];
  const reword = () => {
    const found = [...document.querySelectorAll("[data-testid=stFileChips] [role=alert]")].filter((alert) => !alert.dataset.words);
    for (const alert of found) alert.dataset.words = alert.textContent = /smaller/.test(alert.textContent) ? data.size : data.format;
    const photos = found.filter((alert) => alert.closest(PHOTOS));
    if (!photos.length) return;
    const isAll = photos.length >= kept.handed; // nothing is sent then, and no run follows
    [kept.refused, kept.waits] = isAll ? [[], false] : [photos.map(sentence), kept.waits];
  };
  // The field is emptied once the other files have come: what was refused beside them is said here.
  const list = () => {
    const place = document.querySelector(".st-key-refused_files");
    const words = kept.refused.join("\n");
    const shown = place?.querySelector(".refused");
    if (!place || (shown?.textContent ?? "") === words) return;
    shown?.remove();
    if (words) place.append(Object.assign(document.createElement("p"), { className: "refused", role: "alert", textContent: words }));
  };
  const show = () => {
    for (const alert of document.querySelectorAll(".st-key-photo_panel [role=alert], .st-key-photo [role=alert]")) {
      const isNew = alert.shownWords !== alert.textContent;
      alert.shownWords = alert.textContent;
      if (!isNew) continue;
      if (!alert.closest(".st-key-photo_panel")) document.querySelector(OPENED)?.scrollIntoView({ block: "nearest" }); // what it is in follows
      alert.scrollIntoView({ block: "nearest" });
    }
  };
  const isRunning = () => document.querySelector("[data-test-script-state=running]");
  const update = () => {
    reword();
    list();
    show();
  };
  const hand = (event) => {
    const field = event.target.closest?.("[data-testid=stFileUploader]");
    if (!field) return;
    for (const alert of field.querySelectorAll("[role=alert]")) alert.closest(CHIP).dataset.old = "true";
    if (!field.closest(PHOTOS)) return;
    const files = (event.type === "drop" ? event.dataTransfer : field.querySelector("input[type=file]"))?.files;
    [kept.handed, kept.refused, kept.waits] = [files?.length ?? 0, [], true];
    list();
  };
  const forget = ({ target }) => {
    if (!target.closest?.(".st-key-samples, .st-key-camera")) return;
    kept.refused = [];
    list();
  };
  // What is said of files may be what was said of those before.
  const follow = () => {
    if (!kept.waits || isRunning()) return;
    kept.waits = false;
    for (const alert of document.querySelectorAll(".st-key-photo_panel [role=alert]")) alert.shownWords = null;
    show();
  };
  const observers = [new MutationObserver(update), new MutationObserver(follow)];
  observers[0].observe(document.body, { subtree: true, childList: true, characterData: true });
  observers[1].observe(document.body, { subtree: true, attributeFilter: ["data-test-script-state"] });
  for (const name of ["change", "drop"]) document.addEventListener(name, hand, true);
  document.addEventListener("click", forget, true);
  update();
  return () => {
    for (const observer of observers) observer.disconnect();
    for (const name of ["change", "drop"]) document.removeEventListener(name, hand, true);
    document.removeEventListener("click", forget, true);
    kept.left = Date.now();
  };
}

const sentence = (alert) => `${alert.closest(CHIP).querySelector("[data-testid=stFileChipName]").title}: ${alert.textContent}`;
