// The service worker that shows notifications. It serves no pages.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});

async function open(address) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((each) => each.url === address);
  await (page ? page.focus() : clients.openWindow(address));
}
