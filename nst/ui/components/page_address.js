// Puts what is chosen on a page into its address, for reloads and for others. A choice is a step in the browser's history, which Back takes
// back; other words in the same field are not. Streamlit does not hear of these steps: it would answer with the choice that it knows.
const SEARCH = "search"; // the parameter that visitors type
const SECONDS = 15; // for which the server's answer to a step is waited for
let turn = 0; // the number of the latest step back or forth
let patience = 0; // until when what was chosen before that step is ignored

let shown = {}; // the page, by the path that it has, and its element, which is in the document while that page is shown
addEventListener("popstate", back, true); // before Streamlit

export default function ({ data, parentElement, setTriggerValue }) {
  shown = { path: data.path, element: parentElement, send: setTriggerValue };
  write(data, location.pathname + location.search);
}

function back(event) {
  if (location.pathname !== shown.path || !shown.element.isConnected) return; // from another page, or to it
  event.stopImmediatePropagation();
  turn += 1;
  patience = performance.now() + 1000 * SECONDS;
  shown.send("step", { turn, ...Object.fromEntries(new URLSearchParams(location.search)) });
}

function write({ path, choice, changed, answered }, here) {
  if (location.pathname !== path) return;
  if (answered !== turn && performance.now() < patience) return; // the server has not heard of the latest step yet
  const query = new URLSearchParams(choice).toString();
  const address = path + (query && `?${query}`);
  if (address === here) return;
  const isStep = changed && outline(address) !== outline(here);
  history[isStep ? "pushState" : "replaceState"](history.state, "", address);
}

// The choice, and whether there is a search.
function outline(address) {
  const parameters = new URLSearchParams(address.split("?")[1]);
  if (parameters.get(SEARCH)) parameters.set(SEARCH, "any");
  return parameters.toString();
}
