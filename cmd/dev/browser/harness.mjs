// The browser as the tests and the story see it: open it, look at a page in one of
// the ways people look at it, and hold it against design's rules (axe, width, weight).
//
// What it needs comes from `go run ./cmd/dev browser`, in the environment:
//   PARVIS_URL            the platform's host of a running demo, http://localhost:PORT
//   PARVIS_CHROMIUM       the browser's path
//   PARVIS_BROWSER_PARTS  the folder whose node_modules holds package-lock.json's packages
//   PARVIS_SHOTS          the folder for screenshots
import assert from 'node:assert/strict'
import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'

const parts = createRequire(path.join(needed('PARVIS_BROWSER_PARTS'), 'package.json'))
const { chromium } = parts('playwright-core')
const { AxeBuilder } = parts('@axe-core/playwright')

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync']

function needed(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run this through \`go run ./cmd/dev browser\``)
  return value
}

/** The address of a path on one of the demo's hosts: a commune's or hub's slug, or '' for the platform. */
export function address(slug, pathname = '/', base = needed('PARVIS_URL')) {
  const url = new URL(pathname, base)
  if (slug) url.hostname = `${slug}.localhost` // Chromium itself resolves *.localhost to 127.0.0.1
  return url.href
}

/** JSON of the platform host, such as /demo/accounts.json or /demo/messages.json. */
export async function platformJSON(pathname) {
  const answer = await fetch(address('', pathname))
  assert.equal(answer.status, 200, `${pathname} answers ${answer.status}`)
  return answer.json()
}

/** Asks again and again until there is an answer, and gives it; past the time it throws, saying what did not happen. */
export async function eventually(ask, { within = 10_000, every = 200, what = 'it' } = {}) {
  const end = Date.now() + within
  for (;;) {
    const got = await ask()
    if (got !== undefined && got !== null && got !== false) return got
    if (Date.now() > end) throw new Error(`${what} did not happen within ${within} ms`)
    await new Promise((done) => setTimeout(done, every))
  }
}

/** A running browser with a profile of its own. close() ends it and takes the profile away. */
export class Browser {
  #home
  #browser

  static async open() {
    const opened = new Browser()
    // A home of its own: the user's may not be writable.
    opened.#home = await mkdtemp(path.join(tmpdir(), 'parvis-browser-'))
    try {
      opened.#browser = await chromium.launch({
        executablePath: needed('PARVIS_CHROMIUM'), args: FLAGS,
        env: { ...process.env, HOME: opened.#home, XDG_CONFIG_HOME: opened.#home, XDG_CACHE_HOME: opened.#home },
      })
    } catch (err) {
      await rm(opened.#home, { recursive: true, force: true })
      throw err
    }
    return opened
  }

  async close() {
    await this.#browser.close()
    await rm(this.#home, { recursive: true, force: true, maxRetries: 5 })
  }

  /**
   * A visitor: fresh cookies and cache, and a way of looking.
   * @param {{width?: number, height?: number, js?: boolean, scheme?: 'light'|'dark',
   *   forcedColors?: boolean, reducedMotion?: boolean, touch?: boolean}} look
   */
  async visitor(look = {}) {
    const { width = 1440, height = 900, js = true, scheme = 'light', forcedColors = false, reducedMotion = true, touch = false } = look
    const context = await this.#browser.newContext({
      viewport: { width, height }, javaScriptEnabled: js, colorScheme: scheme, locale: 'fr-FR', timezoneId: 'Europe/Paris',
      forcedColors: forcedColors ? 'active' : 'none', reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
      hasTouch: touch, isMobile: touch,
    })
    context.setDefaultTimeout(15_000)
    return Visitor.of(context, { width, height, js, scheme, forcedColors })
  }

  /** Does something as a visitor, who is gone afterwards. */
  async as(look, does) {
    const visitor = await this.visitor(look)
    try {
      return await does(visitor)
    } finally {
      await visitor.leave()
    }
  }
}

/** One person in front of one page. `page` is playwright's own. */
export class Visitor {
  static async of(context, look) {
    const visitor = new Visitor()
    visitor.context = context
    visitor.look = look
    visitor.page = await context.newPage()
    visitor.faults = []
    visitor.page.on('pageerror', (err) => visitor.faults.push(`script: ${err.message}`))
    visitor.page.on('console', (line) => { if (line.type() === 'error') visitor.faults.push(`console: ${line.text()}`) })
    visitor.session = await context.newCDPSession(visitor.page)
    await visitor.#scripts(look.js)
    visitor.wire = await Wire.on(visitor.session)
    return visitor
  }

  /** The look in a few letters, for messages and names of pictures. */
  get name() {
    const { width, js, scheme, forcedColors } = this.look
    return [width, forcedColors ? 'forced' : scheme, js ? '' : 'nojs'].filter(Boolean).join('-')
  }

  /** Goes to an address, and gives its status; `expect` is the one that is right. */
  async visit(url, { expect = 200 } = {}) {
    this.wire.reset()
    this.faults.length = 0
    const answer = await this.page.goto(url, { waitUntil: 'load' })
    const status = answer.status()
    assert.equal(status, expect, `${url} answers ${status}`)
    if (status >= 400) this.faults.length = 0 // the browser complains of the status itself
    return status
  }

  /** Goes to an address and tells what that cost: bytes over the wire, requests, bytes by kind, DOM nodes. */
  async weigh(url) {
    await this.visit(url)
    await this.page.waitForLoadState('networkidle')
    return { ...this.wire.sum(), nodes: await this.nodes() }
  }

  /** How many elements the page has. */
  nodes() {
    return this.page.locator('*').count()
  }

  /** Holds the page against axe: no violation, in this look. */
  async assertAccessible(what = this.page.url()) {
    const { violations } = await this.axe()
    const found = violations.map((v) => `${v.id} (${v.impact}): ${v.help}\n    ${v.nodes.slice(0, 5).map((n) => `${n.target} — ${n.failureSummary?.split('\n')[1]?.trim() ?? ''}`).join('\n    ')}`)
    assert.equal(violations.length, 0, `${what} [${this.name}]: axe finds\n  ${found.join('\n  ')}`)
  }

  /**
   * axe's whole answer for the page as it stands. axe is a script itself: where the
   * visitor has none, it is let in for that moment, when the page is long parsed and its
   * own scripts do not run any more.
   */
  async axe() {
    await this.#scripts(true)
    try {
      return await new AxeBuilder({ page: this.page }).setLegacyMode().analyze()
    } finally {
      await this.#scripts(this.look.js)
    }
  }

  #scripts(on) {
    return this.session.send('Emulation.setScriptExecutionDisabled', { value: !on })
  }

  /** Nothing stands out of the page sideways. */
  async assertNoOverflow(what = this.page.url()) {
    const over = await this.page.evaluate(() => {
      const { scrollWidth } = document.documentElement
      if (scrollWidth <= innerWidth) return null
      const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
      return { scrollWidth, innerWidth, wide: wide.slice(0, 5).map((e) => e.tagName.toLowerCase() + (e.className ? `.${e.className}` : '')) }
    })
    assert.equal(over, null, `${what} [${this.name}] is wider than its window: ${JSON.stringify(over)}`)
  }

  /** No script failed and nothing was refused (a CSP, a missing file). */
  assertQuiet(what = this.page.url()) {
    assert.deepEqual(this.faults, [], `${what} [${this.name}] complains`)
  }

  /** All that must hold on every page. */
  async assertSound(what) {
    await this.assertNoOverflow(what)
    await this.assertAccessible(what)
    this.assertQuiet(what)
  }

  /** Takes a picture of the whole page into the folder for screenshots, and gives its path. */
  async shot(name, { full = true } = {}) {
    const dir = needed('PARVIS_SHOTS')
    await mkdir(dir, { recursive: true })
    const file = path.join(dir, `${name}-${this.name}.png`)
    await this.page.screenshot({ path: file, fullPage: full, animations: 'disabled' })
    return file
  }

  leave() {
    return this.context.close()
  }
}

/** Counts what goes over the wire, by Chromium's own protocol: bytes as sent, compressed, with headers. */
class Wire {
  #seen = new Map()

  static async on(session) {
    const wire = new Wire()
    const entry = (id) => wire.#seen.get(id) ?? wire.#seen.set(id, { url: '', type: '', bytes: 0, cached: false }).get(id)
    session.on('Network.requestWillBeSent', (e) => {
      // A redirection keeps the id: what it cost until here counts as a request of its own.
      if (e.redirectResponse) wire.#seen.set(`${e.requestId}/${wire.#seen.size}`, { ...entry(e.requestId), bytes: e.redirectResponse.encodedDataLength })
      Object.assign(entry(e.requestId), { url: e.request.url, type: e.type, bytes: 0 })
    })
    session.on('Network.requestServedFromCache', (e) => { entry(e.requestId).cached = true })
    session.on('Network.responseReceived', (e) => { if (e.response.fromDiskCache) entry(e.requestId).cached = true })
    session.on('Network.loadingFinished', (e) => { entry(e.requestId).bytes = e.encodedDataLength })
    await session.send('Network.enable')
    return wire
  }

  reset() {
    this.#seen.clear()
  }

  /** Bytes and requests since the last reset; data: URLs and the cache cost nothing. `of` gives bytes by kind. */
  sum() {
    const sent = [...this.#seen.values()].filter((r) => !r.cached && /^https?:/.test(r.url))
    const of = {}
    for (const r of sent) of[r.type] = (of[r.type] ?? 0) + r.bytes
    return { bytes: sent.reduce((n, r) => n + r.bytes, 0), requests: sent.length, of }
  }
}
