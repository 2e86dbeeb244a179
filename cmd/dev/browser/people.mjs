// Who takes part in the story: the demo's accounts, the mails they get, what they type.
import { createHmac } from 'node:crypto'
import { after, before } from 'node:test'
import { address, Browser, eventually, plain, platformJSON } from './harness.mjs'

/** The commune that the story is told in. */
export const COMMUNE = 'castanet-tolosan'

/** The one browser of all the tests. */
export let browser
before(async () => { browser = await Browser.open() })
after(() => browser?.close())

/** How people look at the pages: on a telephone in the evening, at a desk without script, at work. */
export const PHONE = { width: 375, height: 812, touch: true, scheme: 'dark' }
export const NO_SCRIPT = { width: 1440, height: 900, js: false }
export const DESK = { width: 1440, height: 900 }

/** An address that nobody else has, in this run or another. */
export function mailbox(name) {
  return `${name}.${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}@exemple.fr`
}

/** Who asks: a name, and an address of one's own. */
export function person(given, family) {
  return {
    given_name: given, family_name: family, email: mailbox(given.normalize('NFD').replace(/[^A-Za-z]/g, '').toLowerCase()),
    phone: '06 39 98 12 34', postal_address: '2 rue des Lilas\n31320 Castanet-Tolosan',
  }
}

/** The demo's account of a commune's agent. */
export async function agentOf(slug, role) {
  const { tenants } = await platformJSON('/demo/accounts.json')
  const commune = tenants.find((t) => t.slug === slug)
  return commune.agents.find((a) => a.role === role)
}

/** The hub and its administrators: who answers for it, and the others. */
export async function hub() {
  return (await platformJSON('/demo/accounts.json')).hub
}

/** Signs an administrator of the hub in, and gives the hub's slug. */
export async function signInHub(v, account) {
  const { slug } = await hub()
  await v.visit(address(slug, '/connexion'))
  await v.fill({ email: account.email, password: account.password })
  await v.press('Se connecter')
  return slug
}

/** Every message of the demo to an address, the newest first. */
export async function messagesTo(to) {
  return (await platformJSON('/demo/messages.json')).filter((m) => m.to === to).map((m) => ({ ...m, text: plain(m.text) }))
}

/** Waits for a message to an address: the newest whose subject or text matches. */
export function message(to, words, { within = 30_000 } = {}) {
  return eventually(async () => (await messagesTo(to)).find((m) => words.test(m.subject ?? '') || words.test(m.text)), { within, what: `a message to ${to} with ${words}` })
}

/** Waits for a message with a code of six figures, and gives the code. */
export async function mailedCode(to, nth = 1) {
  const found = await eventually(async () => {
    const codes = (await messagesTo(to)).map((m) => /\b(\d{6})\b/.exec(m.text)?.[1]).filter(Boolean)
    return codes.length >= nth && codes
  }, { within: 30_000, what: `code ${nth} to ${to}` })
  return found[0]
}

/** Signs an agent in. */
export async function signIn(v, slug, account, { to = '/agents' } = {}) {
  await v.visit(address(slug, to))
  await v.fill({ email: account.email, password: account.password })
  await v.press('Se connecter')
}

/** A day so many days from now, by its parts. */
export function inDays(days) {
  const d = new Date(Date.now() + days * 86_400_000)
  return { day: String(d.getDate()), month: String(d.getMonth() + 1), year: String(d.getFullYear()) }
}

/** A small PDF, as a scanner or an office program makes it. */
export function pdf(name = 'attestation.pdf') {
  return { name, mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n') }
}

/** A program that claims to be a PDF. */
export function program(name = 'facture.pdf') {
  return { name, mimeType: 'application/pdf', buffer: Buffer.concat([Buffer.from('MZ\x90\x00\x03', 'latin1'), Buffer.alloc(600)]) }
}

/** What an authenticator shows for a key at a moment (RFC 6238). */
export function totp(secret, at = Date.now()) {
  const bits = [...secret.replace(/[\s=]/g, '').toUpperCase()].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = mac[19] & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** A test of the story: with a limit that a busy machine keeps as well. */
export const LIMIT = { timeout: 180_000 }
