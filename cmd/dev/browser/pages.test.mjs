// Every public page of the demo, in every way that people look at it: no axe
// violation, nothing wider than the window, no script that fails, and design's budget.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { address, Browser } from './harness.mjs'

const COMMUNE = 'castanet-tolosan'

const PAGES = [
  [COMMUNE, '/'],
  [COMMUNE, '/demarches'],
  [COMMUNE, '/demarches?q=naissance'],
  [COMMUNE, '/suivi'],
  [COMMUNE, '/connexion'],
  [COMMUNE, '/inscription'],
  [COMMUNE, '/mot-de-passe'],
  [COMMUNE, '/accessibilite'],
  [COMMUNE, '/donnees-personnelles'],
  [COMMUNE, '/mentions-legales'],
  [COMMUNE, '/agents/connexion'],
  ['sicoval', '/connexion'],
  ['', '/'],
]

const LOOKS = [
  { width: 320, height: 640, touch: true },
  { width: 375, height: 812, touch: true, scheme: 'dark', js: false },
  { width: 1440 },
  { width: 1440, scheme: 'dark' },
  { width: 1440, forcedColors: true },
]

let browser
before(async () => { browser = await Browser.open() })
after(() => browser?.close())

for (const [slug, pathname] of PAGES) {
  test(`${slug || 'platform'} ${pathname}`, { timeout: 120_000 }, async () => {
    for (const look of LOOKS) {
      await browser.as(look, async (v) => {
        await v.visit(address(slug, pathname))
        await v.assertSound()
      })
    }
  })
}

test('a page that is not there says so, accessibly', { timeout: 60_000 }, async () => {
  await browser.as({ width: 320 }, async (v) => {
    await v.visit(address(COMMUNE, '/il-n-y-a-rien-ici'), { expect: 404 })
    await v.assertSound()
  })
})

// design/README.md, « Budgets: checked in CI, and they block ».
const KB = 1024
for (const pathname of ['/', '/demarches', '/suivi']) {
  test(`${pathname} keeps the budget of a citizen's page`, { timeout: 60_000 }, async () => {
    await browser.as({ width: 375, touch: true }, async (v) => {
      const first = await v.weigh(address(COMMUNE, pathname))
      assert.ok(first.bytes <= 50 * KB, `first visit: ${first.bytes} bytes`)
      assert.ok(first.requests <= 7, `first visit: ${first.requests} requests`)
      assert.ok(first.nodes <= 300, `${first.nodes} DOM nodes`)
      assert.ok((first.of.Stylesheet ?? 0) <= 9 * KB, `styles: ${first.of.Stylesheet} bytes`)
      assert.ok((first.of.Script ?? 0) <= 3 * KB, `scripts: ${first.of.Script} bytes`)
      const again = await v.weigh(address(COMMUNE, pathname))
      assert.ok(again.bytes <= 5 * KB, `repeat visit: ${again.bytes} bytes`)
    })
  })
}
