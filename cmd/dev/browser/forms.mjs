// A procedure that a town makes of its own: tables from its spreadsheet, a list of children, a fee worked out of both; as an
// administrator sets it up, and as citizens fill it in, with scripts and without, on a telephone and at a desk.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address } from './harness.mjs'
import { agentOf, browser, COMMUNE, DESK, LIMIT, NO_SCRIPT, person, PHONE, signIn } from './people.mjs'

const file = (name, text) => ({ name, mimeType: name.endsWith('.csv') ? 'text/csv' : 'application/json', buffer: Buffer.from(text) })
const asked = { purpose: 'Inscrire l’enfant', legal_basis: 'Délibération du conseil municipal' }

/** The steps of the procedure: a school of the town, children, and what they come to. */
const STEPS = [
  { id: 'famille', title: 'La famille', sections: [{ id: 'famille', fields: [
    { ...asked, id: 'quotient', kind: 'number', label: 'Quotient familial', unit: '€', min: 0, max: 9999 },
    { ...asked, id: 'secteur', kind: 'choice', label: 'Secteur', choices: [{ value: 'Nord', label: 'Nord' }, { value: 'Sud', label: 'Sud' }] },
    { id: 'urgence', kind: 'block', label: 'Urgence', block: 'personne-a-prevenir' },
  ] }] },
  { id: 'enfants', title: 'Les enfants', sections: [
    { id: 'ecole', fields: [{ ...asked, id: 'ecole', kind: 'choice', label: 'École', table: { table: 'ecoles-du-secteur', column: 'Nom', where: [{ column: 'Secteur', field: 'secteur' }] } }] },
    { id: 'inscrits', title: 'Enfants à inscrire', repeat: { min: 1, max: 4, item: 'Enfant' }, fields: [
      { ...asked, id: 'prenom', kind: 'text', label: 'Prénom' },
      { ...asked, id: 'repas', kind: 'number', label: 'Repas par semaine', min: 1, max: 5 },
    ] },
    { id: 'tarif', title: 'Le tarif', fields: [{
      ...asked, id: 'prix', kind: 'computed', label: 'Prix par semaine', money: true,
      compute: { mul: [{ sum: 'inscrits', of: { field: 'repas' } }, { lookup: { table: 'tarifs-du-repas', column: 'Prix', where: [{ column: 'De', field: 'quotient', op: 'from' }, { column: 'À', field: 'quotient', op: 'to' }] } }] },
    }] },
  ] },
]

let slug // of the procedure, once it is open

test('a town takes in its tables and a procedure that draws from them', LIMIT, async () => {
  await browser.as(DESK, async (v) => {
    await signIn(v, COMMUNE, await agentOf(COMMUNE, 'admin'), { to: '/agents/demarches/tables' })
    await tables(v)
    await v.visit(address(COMMUNE, '/agents/demarches/importer'))
    const model = JSON.parse(await v.page.evaluate(async () => (await fetch('/agents/demarches/cantine/export.json')).text()))
    const own = JSON.parse(JSON.stringify({ ...model, slug: 'repas-des-enfants', title: 'Repas des enfants', bring: [] }).replaceAll(/\{\{reponse\.[a-z_]+\}\}/g, '–'))
    own.form.steps = STEPS
    own.tables = [{ name: 'ecoles-du-secteur', title: 'Écoles', columns: ['Nom', 'Secteur'], rows: [['Jules-Ferry', 'Nord'], ['Jean-Jaurès', 'Sud'], ['Marie-Curie', 'Sud']] }]
    await v.fill({ fichiers: file('repas.json', JSON.stringify(own)) })
    await v.press('Importer')
    assert.doesNotMatch(await v.text('main'), /À compléter/, 'nothing is missing')
    await v.follow('Ouvrir le brouillon')
    slug = new URL(v.page.url()).pathname.split('/').at(-2)
    await v.press('Publier')
    await v.visit(address(COMMUNE, `/agents/demarches/${slug}`))
    await v.press('Ouvrir aux habitants')
    await v.visit(address(COMMUNE, '/agents/blocs/personne-a-prevenir'))
    assert.match(await v.text('main'), /Démarches qui posent ces questions.*Repas des enfants/s)
    await v.stop('agent-66-bloc')
  })
})

/** The rates come from a spreadsheet: refused with the line, seen, confirmed. */
async function tables(v) {
  await v.stop('agent-60-tables')
  await v.fill({ titre: 'Tarifs du repas', fichier: file('tarifs.csv', 'De;À;Prix\n0;800;2,45\n801;3,60\n') })
  await v.press('Voir avant', { expect: 422 })
  assert.match(await v.text('main'), /Ligne 3 : Ajoutez ce qui manque/)
  await v.stop('agent-61-table-refusee')
  await v.fill({ titre: 'Tarifs du repas', fichier: file('tarifs.csv', 'De;À;Prix\n0;800;2,45\n801;;3,60\n') })
  await v.press('Voir avant')
  assert.match(await v.text('main'), /2 lignes lues/)
  await v.stop('agent-62-table-apercu')
  await v.press(v.page.locator('main button[value="confirmer"]'))
  await v.stop('agent-63-table')
}

/** From the start to the list of children. */
async function begin(v, who) {
  await v.visit(address(COMMUNE, `/demarches/${slug}`))
  await v.press('Commencer')
  await v.fill(who)
  await v.press('Continuer')
  await v.fill({ quotient: '650', secteur: 'Sud', urgence_telephone: '06 39 98 12 34' })
  await v.press('Continuer')
  assert.deepEqual(await v.page.locator('[name="ecole"] option').allInnerTexts().then((all) => all.filter((s) => /-/.test(s))), ['Jean-Jaurès', 'Marie-Curie'], 'the schools of the sector alone')
}

/** Checks, sends, and finds the fee in the summary. */
async function finish(v) {
  await v.press('Continuer')
  assert.match(v.page.url(), /recapitulatif$/)
  const said = await v.text('main')
  assert.match(said, /Enfant 1.*Léa.*Enfant 2.*Tom/s)
  assert.match(said, /14,70/)
  await v.stop(`citoyen-62-repas-recapitulatif-${v.look.js ? 'script' : 'sans'}`)
  await v.press('Envoyer')
  assert.match(await v.text('.request-number'), /^\d\d-\d{6}$/)
}

test('a fee is shown while children are typed, on a telephone', LIMIT, async () => {
  await browser.as(PHONE, async (v) => {
    await begin(v, person('Hélène', 'Roux'))
    await v.stop('citoyen-60-repas')
    await v.fill({ ecole: 'Marie-Curie', 'inscrits.0.prenom': 'Léa', 'inscrits.0.repas': '4' })
    await v.page.keyboard.press('Tab')
    await v.page.waitForFunction(() => /9,80/.test(document.querySelector('main').innerText))
    await v.press('Ajouter')
    await v.fill({ 'inscrits.1.prenom': 'Tom', 'inscrits.1.repas': '2' })
    await v.page.keyboard.press('Tab')
    await v.page.waitForFunction(() => /14,70/.test(document.querySelector('main').innerText))
    await v.stop('citoyen-61-repas-tarif')
    await finish(v)
  })
})

for (const look of [NO_SCRIPT, { ...PHONE, js: false }]) {
  test(`the same without script, ${look.width} px wide`, LIMIT, async () => {
    await browser.as(look, async (v) => {
      await begin(v, person('Karim', 'Benali'))
      await v.fill({ ecole: 'Jean-Jaurès', 'inscrits.0.prenom': 'Léa', 'inscrits.0.repas': '4' })
      await v.press('Ajouter')
      assert.match(await v.text('main'), /9,80/, 'the fee of the first child')
      await v.fill({ 'inscrits.1.prenom': 'Tom', 'inscrits.1.repas': '2' })
      await finish(v)
    })
  })
}

test('at the counter an agent records it with the town’s schools', LIMIT, async () => {
  await browser.as(DESK, async (v) => {
    await signIn(v, COMMUNE, await agentOf(COMMUNE, 'admin'), { to: `/agents/nouvelle/${slug}` })
    await v.fill({ quotient: '900', secteur: 'Nord', urgence_telephone: '06 39 98 12 34', ecole: 'Jules-Ferry', 'inscrits.0.prenom': 'Inès', 'inscrits.0.repas': '1' })
    await v.stop('agent-64-guichet-repas')
    const schema = await v.page.evaluate(async (s) => (await fetch(`/api/v1/procedures/${s}/schema.json`)).json(), slug)
    assert.deepEqual(schema.properties.ecole.enum, ['Jules-Ferry', 'Jean-Jaurès', 'Marie-Curie'])
  })
})
