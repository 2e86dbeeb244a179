// Package svg owns what a town hall's drawing may hold, and draws it.
//
// [Clean] reads an SVG that somebody sent and gives a [Picture] made of a short list of
// elements and attributes, each checked; it is written anew from those, so that
// nothing that was not understood gets through. What could run or fetch something
// (script, handlers, foreign content, references to elsewhere, entities) is refused with
// its place, never cut out in silence: its author must know. What would look different
// without it (text in a font, filters, masks, embedded photos) is refused too. What
// editors leave behind (metadata, layers' names, comments) is dropped. Style sheets of the
// simple kind that drawing programs write become attributes, since the picture is served
// under a policy without styles.
//
// [Picture.Draw] paints the same list of elements, for mails and home screens want PNG.
// The one kept library, fyne-io/oksvg, knows neither clip paths nor the even-odd rule,
// of which arms are made, and has no bound on the work that a file asks for.
//
// It imports nothing of ours and reaches nothing: bytes in, bytes or pixels out.
package svg
