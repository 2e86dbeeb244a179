// FranceConnect in the demonstration (`parvis demo --franceconnect`): in, through a
// procedure that asks for it, and out of both sessions.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address } from './harness.mjs'
import { browser, DESK, LIMIT, PHONE } from './people.mjs'

const COMMUNE = 'ramonville-saint-agne'
const VOUCHED = 'copie-acte-naissance'

/** Says at the provider who one is, or nothing; what its own pages complain of is not ours. */
async function identify(v, who) {
  assert.match(await v.text('h1'), /Qui êtes-vous/)
  v.faults.length = 0
  await v.fill({ who })
  await v.press(who ? 'Continuer' : 'Annuler')
}

for (const [how, look] of [['on a telephone without script', { ...PHONE, js: false }], ['at a desk', DESK]]) {
  test(`FranceConnect signs a citizen in and out ${how}`, LIMIT, async () => {
    await browser.as(look, async (v) => {
      await v.visit(address(COMMUNE, '/connexion'))
      await v.stop('franceconnect-01-connexion')
      await v.visit(address(COMMUNE, `/demarches/${VOUCHED}`))
      await v.press('Commencer')
      assert.match(await v.text('#autrement'), /guichet/)
      await v.stop('franceconnect-02-identifiez-vous')
      await v.follow('S’identifier avec FranceConnect')
      await identify(v, '')
      assert.match(await v.text('.notice'), /interrompu/)
      await v.stop('franceconnect-03-interrompu')
      await v.visit(address(COMMUNE, `/demarches/${VOUCHED}/formulaire/vos-coordonnees`))
      await v.follow('S’identifier avec FranceConnect')
      await identify(v, 'angela')
      assert.match(v.page.url(), /formulaire\/vos-coordonnees$/)
      assert.equal(await v.page.locator('main [name="family_name"]').inputValue(), 'DUBOIS')
      await v.stop('franceconnect-04-identifiee')
      await v.visit(address(COMMUNE, '/mon-espace'))
      await v.stop('franceconnect-05-espace')
      await v.press('Se déconnecter')
      if (!/127\.0\.0\.1/.test(v.page.url())) await v.page.waitForURL(/127\.0\.0\.1/)
      v.faults.length = 0
      await v.press('Se déconnecter')
      assert.match(await v.text('.notice'), /déconnecté/)
      await v.stop('franceconnect-06-sortie')
      await v.visit(address(COMMUNE, '/mon-espace'))
      assert.match(v.page.url(), /connexion/)
    })
  })
}
