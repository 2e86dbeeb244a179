// The service worker keeps hashed assets and one offline page: never a page of a
// procedure, and never one that somebody is signed in on.
const name = "parvis-" + VERSION;
const page = "/hors-ligne";

addEventListener("install", (e) => {
  e.waitUntil((async () => {
    const [cache, answer] = await Promise.all([caches.open(name), fetch(page)]);
    const text = await answer.clone().text();
    await cache.put(page, answer);
    await cache.addAll(new Set(text.match(/\/(assets\/|theme-)[\w.-]+/g)));
    await skipWaiting();
  })());
});
addEventListener("activate", (e) => {
  e.waitUntil(caches.keys().then((all) => Promise.all(all.filter((k) => k !== name).map((k) => caches.delete(k)))).then(() => clients.claim()));
});
addEventListener("fetch", (e) => {
  const { request } = e;
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (/^\/(assets\/|theme-)/.test(url.pathname)) {
    e.respondWith(caches.match(request).then((hit) => hit || fetch(request).then((answer) => {
      if (answer.ok) {
        const copy = answer.clone();
        e.waitUntil(caches.open(name).then((c) => c.put(request, copy)));
      }
      return answer;
    })));
  } else if (request.mode === "navigate") {
    e.respondWith(fetch(request).catch(() => caches.match(page)));
  }
});
