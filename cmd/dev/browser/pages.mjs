// The public pages in every way that people look at them: no axe violation, nothing wider
// than the window, no script that fails; and design's budgets. The story's tests hold the
// other pages, each in one light and one dark look.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, platformJSON } from './harness.mjs'
import { agentOf, browser, COMMUNE, LIMIT, signIn } from './people.mjs'

const PAGES = [
  [COMMUNE, '/'],
  [COMMUNE, '/demarches'],
  [COMMUNE, '/demarches/copie-acte-naissance'],
  [COMMUNE, '/accessibilite'],
  [COMMUNE, '/demandes-publiees'],
  [COMMUNE, '/donnees-personnelles'],
  [COMMUNE, '/mentions-legales'],
  [COMMUNE, '/conditions-utilisation'],
  ['', '/'],
  ['', '/demo/messages'],
  ['', '/ouvrir'],
  ['', '/ouvrir?q=saint-denis'],
  ['', '/ouvrir/communes/31395'],
  ['', '/ouvrir/conditions'],
]

const LOOKS = [{ width: 375, height: 812, touch: true, scheme: 'dark', js: false }, { width: 1440 }]

for (const [slug, pathname] of PAGES) {
  test(`${slug || 'platform'} ${pathname}`, LIMIT, async () => {
    for (const look of LOOKS) {
      await browser.as(look, async (v) => {
        await v.visit(address(slug, pathname))
        await v.stop(`pages${(slug ? '' : '-demo') + pathname.replaceAll(/[/?=]/g, '-')}`)
      })
    }
  })
}

test('pages stand forced colours, and text spaced out as WCAG 1.4.12 allows', LIMIT, async () => {
  for (const pathname of ['/', '/demarches/salle-association', '/suivi']) {
    await browser.as({ width: 1440, forcedColors: true }, async (v) => {
      await v.visit(address(COMMUNE, pathname))
      await v.assertAccessible()
    })
    await browser.as({ width: 320, height: 640, touch: true }, async (v) => {
      await v.visit(address(COMMUNE, pathname))
      await v.page.evaluate(() => {
        const sheet = new CSSStyleSheet() // not refused by the policy, as an element would be
        sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-block-end: 2em !important }')
        document.adoptedStyleSheets = [sheet]
      })
      await v.assertNoOverflow(`${pathname} with text spaced out`)
    })
  }
})

// design/README.md: yellow and near-white are the brand colours that break themes.
test('a commune of any colour is legible', LIMIT, async () => {
  const { tenants } = await platformJSON('/demo/accounts.json')
  for (const [i, { slug }] of tenants.slice(1, 5).entries()) {
    await browser.as({ width: 1440, scheme: i % 2 ? 'dark' : 'light' }, async (v) => {
      await v.visit(address(slug))
      await v.assertAccessible()
    })
  }
})

test('a page that is not there says so, accessibly', LIMIT, async () => {
  await browser.as({ width: 320 }, async (v) => {
    await v.visit(address(COMMUNE, '/il-n-y-a-rien-ici'), { expect: 404 })
    await v.assertSound()
  })
  await browser.as({ width: 320 }, async (v) => {
    await v.visit(address('aucune-commune-de-ce-nom'), { expect: 404 })
    await v.assertSound()
  })
})

// design/README.md, « Budgets: checked in CI, and they block ».
const KB = 1024
for (const pathname of ['/', '/demarches', '/demarches/salle-association', '/suivi']) {
  test(`${pathname} keeps the budget of a citizen's page`, LIMIT, async () => {
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

test('the list of twenty requests keeps its budget', LIMIT, async () => {
  await browser.as({ width: 1440 }, async (v) => {
    await signIn(v, COMMUNE, await agentOf(COMMUNE, 'admin'))
    const fresh = await v.context.storageState()
    await browser.as({ width: 1440 }, async (first) => {
      await first.context.addCookies(fresh.cookies)
      const { bytes, nodes } = await first.weigh(address(COMMUNE, '/agents?vue=terminees'))
      const rows = await first.page.locator('table.rows tbody tr').count()
      assert.equal(rows, 20, 'a full page')
      assert.ok(bytes <= 75 * KB, `${bytes} bytes`)
      assert.ok(nodes <= 395, `${nodes} DOM nodes`)
    })
  })
})
