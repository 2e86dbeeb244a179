// A town hall opens its portal by itself: once on a telephone without script, once at a desk.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, eventually, platformJSON } from './harness.mjs'
import { browser, DESK, LIMIT } from './people.mjs'

// Communes with an official address in the demonstration; the first that are not open yet.
const CANDIDATES = [['31395', 'muret'], ['31451', 'revel'], ['31042', 'bagneres-de-luchon'], ['31483', 'saint-gaudens'], ['31135', 'cazeres'], ['31033', 'aussonne']]

const mailTo = (to) => eventually(async () => (await platformJSON('/demo/messages.json')).find((m) => m.to === to), { within: 20_000, what: 'a mail' })

async function portal(v, insee, slug) {
  await v.visit(address('', '/ouvrir'))
  await v.stop('ouvrir-01')
  if (v.look.js === false) {
    await v.fill({ q: slug })
    await v.press('Chercher')
  } else {
    await v.page.locator('#q').pressSequentially(slug)
    await v.page.waitForSelector(`#resultats input[value="${insee}"]`)
  }
  await v.stop('ouvrir-02-choix')
  await v.page.locator(`#resultats input[value="${insee}"]`).check()
  await v.press('Continuer')
  if (!await v.page.locator('#given_name').count()) return false
  await v.press('Demander', { expect: 422 })
  await v.stop('ouvrir-03-erreurs')
  await v.fill({ given_name: 'Claire', family_name: 'Vidal', email: `claire@${slug}.example` })
  await v.page.locator('#position').selectOption('secretary')
  await v.page.locator('#terms').check()
  await v.press('Demander')
  await v.stop('ouvrir-04-code')
  const { text } = await mailTo(`mairie@${slug}.example`)
  await v.fill({ code: text.match(/\d{4} \d{4}/)[0] })
  await v.press('Ouvrir le portail')
  assert.match(await v.text('h1'), /est ouvert/)
  await v.stop('ouvrir-05-ouvert')
  await mailTo(`claire@${slug}.example`)
  await v.visit(address(slug))
  return true
}

test('a secretary opens the portal of her commune', LIMIT, async () => {
  const left = [...CANDIDATES]
  for (const look of [{ width: 375, height: 812, touch: true, js: false }, DESK]) {
    await browser.as(look, async (v) => {
      while (left.length) if (await portal(v, ...left.shift())) return
      assert.fail('every candidate is open already')
    })
  }
})
