// The browser as the tests and the story see it: open it, look at a page in one of
// the ways people look at it, and hold it against design's rules (axe, html-validate, width, weight).
//
// What it needs comes from `go run ./cmd/dev browser`, in the environment:
//   PARVIS_URL            the platform's host of a running demo, http://localhost:PORT
//   PARVIS_CHROMIUM       the browser's path
//   PARVIS_BROWSER_PARTS  the folder whose node_modules holds package-lock.json's packages
//   PARVIS_SHOTS          the folder for screenshots
//   PARVIS_STORY          set: a picture of every page at every width, instead of the checks
import assert from 'node:assert/strict'
import { mkdtemp, mkdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'

const parts = createRequire(path.join(needed('PARVIS_BROWSER_PARTS'), 'package.json'))
const { chromium } = parts('playwright-core')
const { HtmlValidate, StaticConfigLoader } = parts('html-validate')
const axeSource = await readFile(parts.resolve('axe-core/axe.min.js'), 'utf8')

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync']

// What is written in a page's source, as far as the standard and assistive technology care.
const validator = new HtmlValidate(new StaticConfigLoader({
  root: true, extends: ['html-validate:recommended'],
  rules: {
    'no-implicit-button-type': 'off', // a button sends its form where nothing else is said: that is what ours do
    'form-dup-name': 'off', // buttons and boxes that share a name are told apart by their values
    'long-title': 'off', // a page is called as its procedure is, which the law may have named
    'valid-id': ['error', { relaxed: true }],
    'no-redundant-role': 'off', // Safari tells of no list where its marks are gone, unless the role says so
    'no-trailing-whitespace': 'off', // templates leave some, and nobody sees it
    'tel-non-breaking': 'off', // base.css keeps telephone numbers together
  },
}))

/** A fieldset that only switches its fields off, and says that it is no group, needs no name. */
function groupOfNothing(source, { ruleId, line, column }) {
  return ruleId === 'wcag/h71' && /^<?fieldset [^>]*role="none"/.test(source.split('\n')[line - 1].slice(column - 1))
}

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

/** Text with every kind of space made a plain one, as one compares it. */
export function plain(text) {
  return text.replace(/[\s\u00a0\u202f]+/gu, ' ').trim()
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

// Chromium complains of the status of a form that was rightly refused: submit() holds the status itself.
const refusedForm = /the server responded with a status of (409|422|429)/

/** An identity provider's pages are not ours: that they have no icon is not our fault. */
function anothersIcon(url) {
  return URL.canParse(url) && new URL(url).pathname === '/favicon.ico' && !new URL(url).hostname.endsWith('localhost')
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
    visitor.page.on('console', (line) => { if (line.type() === 'error' && !refusedForm.test(line.text()) && !anothersIcon(line.location().url)) visitor.faults.push(`console: ${line.text()} (${line.location().url})`) })
    visitor.page.on('response', (answer) => {
      const { page } = visitor, request = answer.request()
      if (request.isNavigationRequest() && request.frame() === page.mainFrame() && (answer.status() < 300 || answer.status() >= 400)) visitor.answer = answer
    })
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

  /**
   * Fills in fields by their names: text is typed, the radio, checkbox or option of that
   * value is chosen (true ticks the only one, false unticks it), a {name, mimeType, buffer} is a file.
   */
  async fill(values, within = 'main') {
    for (const [name, value] of Object.entries(values)) {
      const field = this.page.locator(`${within} [name="${name}"]:not([type=hidden])`)
      const [tag, type] = await field.first().evaluate((e) => [e.tagName, e.type])
      if (type === 'file') await field.setInputFiles(value)
      else if (type === 'radio' || type === 'checkbox') {
        const one = typeof value === 'boolean' ? field.first() : this.page.locator(`${within} [name="${name}"][value="${value}"]`)
        await one.setChecked(value !== false)
      } else if (tag === 'SELECT') await field.selectOption(value)
      else await field.fill(value)
    }
  }

  /** The button or link of that name: the words it begins with. */
  named(role, words, within = 'body') {
    return this.page.locator(within).getByRole(role, { name: new RegExp(`^\\s*${words}`) }).first()
  }

  /** Presses a button and waits for the page that answers; `expect` is its right status. */
  async press(words, { expect = 200, within = 'main', upload = false } = {}) {
    const button = typeof words === 'string' ? this.named('button', words, within) : words
    if (upload && this.look.js) return this.#upload(button, expect)
    await this.#through(() => button.click(), expect, 'the form')
  }

  /** Follows a link and waits for its page. */
  async follow(words, { within = 'body' } = {}) {
    const link = typeof words === 'string' ? this.named('link', words, within) : words
    await this.#through(() => link.click(), 200, 'the link')
  }

  /** Presses a key that leads to another page. */
  async key(name, { expect = 200 } = {}) {
    await this.#through(() => this.page.keyboard.press(name), expect, name)
  }

  async #through(act, expect, what) {
    const [answer] = await Promise.all([this.page.waitForNavigation({ waitUntil: 'load' }), act()])
    if (answer) assert.equal(answer.status(), expect, `${what} leads to ${answer.url()}, which answers ${answer.status()}`)
  }

  // Where scripts run, a file goes by XMLHttpRequest and the answer takes the page's place.
  async #upload(button, expect) {
    const [answer] = await Promise.all([
      this.page.waitForResponse((r) => r.request().resourceType() === 'xhr' && r.status() !== 303), button.click(),
    ])
    assert.equal(answer.status(), expect, 'the upload')
    await this.page.waitForFunction(() => !document.querySelector('progress'))
  }

  /** Presses Tab until the focus is on an element, and holds that the focus shows there. */
  async tabTo(target, { max = 80, key = 'Tab' } = {}) {
    for (let i = 0; i < max; i++) {
      await this.page.keyboard.press(key)
      if (await target.evaluate((e) => e === document.activeElement)) {
        assert.ok(await target.evaluate((e) => {
          const seen = (el) => { const s = getComputedStyle(el); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== 'none' }
          return seen(e) || e.labels?.[0] && seen(e.labels[0]) || seen(e.parentElement)
        }), `the focus does not show on ${target}`)
        return
      }
    }
    assert.fail(`${max} times ${key} do not lead to ${target} on ${this.page.url()}`)
  }

  /** The words of an element, all spaces made one. */
  async text(selector) {
    return plain(await this.page.locator(selector).first().innerText())
  }

  /**
   * A page of the story: held against all that must hold, at this width and at 320 px; in
   * the story's own run, photographed at 375 and 1440 px instead.
   */
  async stop(name) {
    const { width, height } = this.look
    if (process.env.PARVIS_STORY) {
      for (const [w, h] of [[375, 812], [1440, 900]]) {
        await this.page.setViewportSize({ width: w, height: h })
        await this.shot(name, { as: `${w}-${this.look.scheme}` })
      }
    } else {
      await this.assertSound(name)
      await this.page.setViewportSize({ width: 320, height: 640 })
      await this.assertNoOverflow(`${name} at 320 px`)
    }
    await this.page.setViewportSize({ width, height })
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

  /** Holds the source of the page, as it was sent, against html-validate. */
  async assertValid(what = this.page.url()) {
    const source = await this.answer.text()
    const { results } = await validator.validateString(source)
    const found = results.flatMap((r) => r.messages).filter((m) => !groupOfNothing(source, m)).map((m) => `${m.ruleId}: ${m.message} — ${source.split('\n')[m.line - 1].slice(Math.max(0, m.column - 40), m.column + 60)}`)
    assert.deepEqual(found, [], `${what}: html-validate finds\n  ${found.join('\n  ')}`)
  }

  /**
   * axe's whole answer for the page as it stands. axe is a script itself: where the
   * visitor has none, it is let in for that moment, when the page is long parsed and its
   * own scripts do not run any more.
   */
  async axe() {
    await this.#scripts(true)
    try {
      await this.session.send('Runtime.evaluate', { expression: axeSource })
      return await this.page.evaluate(() => globalThis.axe.run(document, { reporter: 'no-passes', resultTypes: ['violations'], preload: false }))
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
      const scrolls = (e) => e && (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement))
      const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e.parentElement))
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
    // One works in the browser, the other here: two processors, and half the wait.
    await Promise.all([this.assertAccessible(what), this.assertValid(what)])
    this.assertQuiet(what)
  }

  /** Takes a picture of the whole page into the folder for screenshots, and gives its path. */
  async shot(name, { full = true, as = this.name } = {}) {
    const dir = needed('PARVIS_SHOTS')
    await mkdir(dir, { recursive: true })
    const file = path.join(dir, `${name}-${as}.png`)
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
