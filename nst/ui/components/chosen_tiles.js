// Streamlit's buttons have no pressed state; those of chosen tiles are of the kind "primary".
export default function ({ data }) {
  const mark = () => {
    const group = document.querySelector(`.st-key-${CSS.escape(data.group)}`);
    if (!group) return;
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", data.label);
    for (const button of group.querySelectorAll("button")) button.ariaPressed = String(button.getAttribute("kind") === "primary");
  };
  const observer = new MutationObserver(mark); // of the whole page: Streamlit may replace the group itself
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ["kind"] });
  mark();
  return () => observer.disconnect();
}
