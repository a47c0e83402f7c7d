// A group of tiles is one stop of the Tab key, with arrow keys between its tiles.
// Streamlit's buttons have no pressed state; those of chosen tiles are of the kind "primary".
const STEPS = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: (line) => -line, ArrowDown: (line) => line, Home: () => -Infinity, End: () => Infinity };
const SEARCH = ".st-key-style_search input";
const NOTHING_FOUND = ".st-key-style_panel [data-testid=stCaptionContainer]";
const PATIENCE = 10_000; // milliseconds from a search to its tiles

export default function ({ data, parentElement }) {
  // Kept: this function runs again with each run of the page. `held` is the key of the tile that has the focus: with its kind, Streamlit
  // replaces the button itself.
  const kept = (parentElement.kept ??= { held: "", stop: "" });
  let shown = null;
  // After a search, the first tile is brought into view, or what is said where there is none.
  const follow = (buttons) => {
    const names = buttons.map(keyOf).join();
    const isChanged = kept.names !== undefined && names !== kept.names;
    kept.names = names;
    if (!isChanged || data.group !== "styles" || Date.now() - (kept.searched ?? 0) > PATIENCE) return;
    kept.searched = 0;
    const first = buttons[0] ?? document.querySelector(NOTHING_FOUND);
    if (first && !isSeen(first)) first.scrollIntoView({ block: "nearest" });
  };
  const find = () => document.querySelector(`.st-key-${CSS.escape(data.group)}`);
  const mark = () => {
    const group = find();
    if (!group) return;
    group.setAttribute("role", "toolbar");
    group.setAttribute("aria-label", data.label);
    const chosen = group.querySelector("button[kind=primary]");
    const buttons = tiles(group);
    const withKey = (key) => buttons.find((each) => keyOf(each) === key);
    if (kept.held && document.activeElement === document.body) withKey(kept.held)?.focus({ preventScroll: true });
    const stop = [document.activeElement, withKey(kept.stop), chosen, buttons[0]].find((each) => buttons.includes(each));
    kept.stop = stop ? keyOf(stop) : "";
    for (const button of buttons) {
      button.tabIndex = button === stop ? 0 : -1;
      if (data.choose) button.ariaPressed = String(button.getAttribute("kind") === "primary");
    }
    follow(buttons);
    if (chosen && chosen !== shown) show(chosen, group);
    shown = chosen;
  };
  const move = (event) => {
    const group = find();
    const buttons = group?.contains(event.target) ? tiles(group) : [];
    const at = buttons.indexOf(event.target);
    if (at < 0 || !(event.key in STEPS) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    const line = buttons.filter((each) => top(each) === top(buttons[0])).length;
    const to = at + STEPS[event.key](line);
    if (buttons[to] || Math.abs(to) === Infinity) buttons[Math.min(Math.max(0, to), buttons.length - 1)].focus();
  };
  const hold = ({ target }) => {
    kept.held = find()?.contains(target) ? keyOf(target) : "";
    mark();
  };
  const release = ({ target }) => find()?.contains(target) || (kept.held = "");
  const search = ({ type, target, key }) => {
    if (!target.matches?.(SEARCH)) return;
    if (type === "input") kept.typed = true;
    if (!kept.typed || (type !== "focusout" && key !== "Enter")) return;
    [kept.typed, kept.searched] = [false, target.value.trim() ? Date.now() : 0];
  };
  const observer = new MutationObserver(mark); // of the whole page: Streamlit may replace the group itself
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ["kind", "disabled"] });
  for (const name of ["input", "keydown", "focusout"]) document.addEventListener(name, search, true);
  document.addEventListener("keydown", move, true);
  document.addEventListener("focusin", hold);
  document.addEventListener("pointerdown", release, true);
  mark();
  return () => {
    observer.disconnect();
    for (const name of ["input", "keydown", "focusout"]) document.removeEventListener(name, search, true);
    document.removeEventListener("keydown", move, true);
    document.removeEventListener("focusin", hold);
    document.removeEventListener("pointerdown", release, true);
  };
}

const tiles = (group) => [...group.querySelectorAll("button:not(:disabled)")];
const keyOf = (button) => /st-key-\S+/.exec(button.closest("[class*=st-key-]")?.className)?.[0] ?? "";
const top = (element) => Math.round(element.getBoundingClientRect().top);

// In a line that is longer than its place.
function show(chosen, group) {
  const [box, place] = [chosen, group].map((element) => element.getBoundingClientRect());
  group.scrollLeft += Math.max(0, box.right - place.right) + Math.min(0, box.left - place.left);
}

const isSeen = (element) => {
  const { left, top, bottom } = element.getBoundingClientRect();
  return [top + 1, bottom - 1].every((y) => element.contains(document.elementFromPoint(left + 9, y)));
};
