// Puts what is chosen on a page into its address, for reloads and for others, without a step in the browser's history.
export default function ({ data }) {
  if (location.pathname !== data.path) return;
  const query = new URLSearchParams(data.choice).toString();
  history.replaceState(history.state, "", data.path + (query && `?${query}`));
}
