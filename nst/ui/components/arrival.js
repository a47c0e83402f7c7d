// What was pressed is gone with the view it was in, and the focus with it: both go on at the heading of the new one.
let seen = 0;

export default function ({ data }) {
  if (data.arrivals === seen) return;
  seen = data.arrivals;
  requestAnimationFrame(() => {
    const { activeElement, body } = document;
    const isLost = activeElement === body || activeElement?.closest("[data-testid=stMain]");
    if (seen && isLost) document.querySelector(`h1[data-view="${CSS.escape(data.view)}"]`)?.focus();
  });
}
