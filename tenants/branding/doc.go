// Package branding turns one colour and one INSEE code into the look of a
// commune: an accessible theme (light and dark), a placeholder blazon and the
// silhouette along its footer. It makes the pictures that pages, mails and home
// screens need of the logo that a town sends ([ReadLogo]); what an SVG may hold is
// package svg's matter. A picture in pixels is decoded within bounds and encoded anew,
// so that nothing of its file is kept: neither metadata nor what could be hidden in it.
//
// A commune gives its colour and nothing else. The 16 steps of the scale are
// found by target luminance (the method of Digdir's Designsystemet), so that
// the contrast of every pair of steps is known before the hue is: whatever the
// town chooses, yellow or near-white included, its pages stay readable
// (RGAA 4.1, criteria 3.2 and 3.3; WCAG 2.2, 1.4.3 and 1.4.11).
//
// Rules for whoever paints with the steps: the raw colour (Base) is only ever a
// fill under its own text (BaseContrast); a line or an icon that means something
// uses BorderDefault or BorderStrong; TextSubtle never stands on SurfaceActive.
//
// The package refuses to store anything, to read a clock, and to draw the real
// arms of a town, which belong to it: the town sends them itself.
package branding
