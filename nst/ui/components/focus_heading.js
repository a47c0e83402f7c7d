// The button that was pressed is gone with the old view, and the keyboard focus with it: move the focus to the new view's heading.
let handled = 0; // the last change that was acted on

export default function ({ data }) {
  if (data.changes === handled) return;
  handled = data.changes;
  requestAnimationFrame(() => {
    const { activeElement, body } = document;
    const focusIsLost = activeElement === body || activeElement?.closest("[data-testid=stMain]");
    if (handled && focusIsLost) document.querySelector(`h1[data-view="${CSS.escape(data.view)}"]`)?.focus();
  });
}
