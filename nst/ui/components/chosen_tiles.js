// Streamlit's buttons have no pressed state; those of chosen tiles are of the kind "primary".
export default function ({ data }) {
  let shown = null;
  const mark = () => {
    const group = document.querySelector(`.st-key-${CSS.escape(data.group)}`);
    if (!group) return;
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", data.label);
    for (const button of group.querySelectorAll("button")) button.ariaPressed = String(button.getAttribute("kind") === "primary");
    const chosen = group.querySelector("button[kind=primary]");
    if (chosen && chosen !== shown) show(chosen, group);
    shown = chosen;
  };
  const observer = new MutationObserver(mark); // of the whole page: Streamlit may replace the group itself
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ["kind"] });
  mark();
  return () => observer.disconnect();
}

// In a line that is longer than its place.
function show(chosen, group) {
  const [box, place] = [chosen, group].map((element) => element.getBoundingClientRect());
  group.scrollLeft += Math.max(0, box.right - place.right) + Math.min(0, box.left - place.left);
}
