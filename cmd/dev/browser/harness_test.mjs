// The harness itself, held against pages that are wrong on purpose: an assertion that
// cannot fail would prove nothing about Parvis.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { stat } from 'node:fs/promises'
import { after, before, test as nodeTest } from 'node:test'
import { gzipSync } from 'node:zlib'
import { address, eventually } from './harness.mjs'
import { browser } from './people.mjs'

const page = (body, style = '') => `<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Essai</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>${style}</style></head><body><main>${body}</main></body></html>`

const pages = {
  '/sound': page('<h1>Bonjour</h1><p>Tout va bien.</p>'),
  '/no-label': page('<h1>Bonjour</h1><input type="text">'),
  '/unclosed': page('<h1>Bonjour</h1><p>Une <div>phrase</div></p>'),
  '/wide': page('<h1>Bonjour</h1><p style="inline-size: 900px">Large</p>'),
  '/pale-in-the-dark': page('<h1>Bonjour</h1>', 'body { background: white; color: black } @media (prefers-color-scheme: dark) { h1 { color: #ccc } }'),
  '/forced': page('<h1>Bonjour</h1><p hidden id="no">non</p>', '@media (forced-colors: active) { #no { display: block } }'),
  '/script': page('<h1>Bonjour</h1><p id="p">sans</p><script>document.getElementById("p").textContent = "avec"</script>'),
  '/broken-script': page('<h1>Bonjour</h1><script>throw new Error("aïe")</script>'),
  '/parts': page('<h1>Bonjour</h1><img alt="" src="/part"><img alt="" src="/part?2">'),
}

// A browser that hangs fails its test, not the whole run.
const test = (name, does) => nodeTest(name, { timeout: 180_000 }, does)

let server, base

before(async () => {
  server = createServer((req, res) => {
    const { pathname } = new URL(req.url, 'http://localhost')
    if (pathname === '/part') return res.writeHead(200, { 'Content-Type': 'image/svg+xml', 'Cache-Control': 'max-age=60' }).end('<svg xmlns="http://www.w3.org/2000/svg"/>')
    if (pathname === '/away') return res.writeHead(302, { Location: '/sound' }).end()
    if (pathname === '/host') return res.writeHead(200, { 'Content-Type': 'text/html' }).end(page(`<h1>${req.headers.host}</h1>`))
    if (!pages[pathname]) return res.writeHead(404, { 'Content-Type': 'text/html' }).end(page('<h1>Introuvable</h1>'))
    res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Encoding': 'gzip' }).end(gzipSync(pages[pathname]))
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  base = `http://localhost:${server.address().port}`
})

after(async () => {
  server?.closeAllConnections()
  server?.close()
})

const LOOKS = [{}, { width: 320 }, { scheme: 'dark' }, { forcedColors: true }, { js: false }, { width: 375, touch: true, js: false, scheme: 'dark' }]

test('a sound page passes in every look', async () => {
  for (const look of LOOKS) {
    await browser.as(look, async (v) => {
      await v.visit(address('', '/sound', base))
      await v.assertSound()
    })
  }
})

test('axe finds a missing label, with and without script', async () => {
  for (const js of [true, false]) {
    await browser.as({ js }, async (v) => {
      await v.visit(address('', '/no-label', base))
      await assert.rejects(v.assertAccessible(), /label/)
    })
  }
})

test('html-validate finds an element in the wrong place', async () => {
  await browser.as({}, async (v) => {
    await v.visit(address('', '/unclosed', base))
    await assert.rejects(v.assertValid(), /html-validate finds/)
  })
})

test('a colour that fails in the dark alone is found in the dark alone', async () => {
  const look = (scheme) => browser.as({ scheme }, async (v) => {
    await v.visit(address('', '/pale-in-the-dark', base))
    await v.assertAccessible()
  })
  await look('light')
  await assert.rejects(look('dark'), /color-contrast/)
})

test('a page wider than a telephone is found, and what is wide is named', async () => {
  await browser.as({ width: 1440 }, async (v) => {
    await v.visit(address('', '/wide', base))
    await v.assertNoOverflow()
  })
  await browser.as({ width: 320 }, async (v) => {
    await v.visit(address('', '/wide', base))
    await assert.rejects(v.assertNoOverflow(), /"p"/)
  })
})

test('script is on or off, colours are forced or not', async () => {
  for (const [js, text] of [[true, 'avec'], [false, 'sans']]) {
    await browser.as({ js }, async (v) => {
      await v.visit(address('', '/script', base))
      assert.equal(await v.page.locator('#p').textContent(), text)
    })
  }
  for (const forcedColors of [true, false]) {
    await browser.as({ forcedColors }, async (v) => {
      await v.visit(address('', '/forced', base))
      assert.equal(await v.page.locator('#no').isVisible(), forcedColors)
    })
  }
})

test('a failing script and a wrong status are noticed', async () => {
  await browser.as({}, async (v) => {
    await v.visit(address('', '/broken-script', base))
    assert.throws(() => v.assertQuiet(), /aïe/)
    await assert.rejects(v.visit(address('', '/nowhere', base)), /answers 404/)
    await v.visit(address('', '/nowhere', base), { expect: 404 })
  })
})

test('bytes are counted as sent, requests and nodes one by one', async () => {
  await browser.as({}, async (v) => {
    const first = await v.weigh(address('', '/parts', base))
    assert.equal(first.requests, 3)
    assert.equal(first.nodes, 12)
    const sent = gzipSync(pages['/parts']).length
    assert.ok(first.of.Document > sent && first.of.Document < sent + 400, `the page's ${sent} bytes count as ${first.of.Document}`)
    const again = await v.weigh(address('', '/parts', base))
    assert.equal(again.requests, 1, 'what is cached is not counted')
    const moved = await v.weigh(address('', '/away', base))
    assert.equal(moved.requests, 2, 'a redirection is a request')
  })
})

test('a commune has a host of its own', async () => {
  await browser.as({}, async (v) => {
    await v.visit(address('castanet-tolosan', '/host', base))
    assert.equal(await v.page.locator('h1').textContent(), `castanet-tolosan.localhost:${server.address().port}`)
  })
})

test('a picture is taken', async () => {
  await browser.as({ width: 320, scheme: 'dark' }, async (v) => {
    await v.visit(address('', '/sound', base))
    const file = await v.shot('harness')
    assert.match(file, /harness-320-dark\.png$/)
    assert.ok((await stat(file)).size > 500)
  })
})

test('eventually waits, and gives up with a sentence', async () => {
  let asked = 0
  assert.equal(await eventually(() => (++asked === 3 ? 'there' : undefined), { every: 1 }), 'there')
  await assert.rejects(eventually(() => undefined, { within: 5, every: 1, what: 'the mail' }), /the mail did not happen/)
})
