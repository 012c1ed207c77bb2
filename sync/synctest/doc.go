// Package synctest proves that a [sync.Source] or a [sync.Sink] keeps its
// contract, and has what tests of an engine need.
//
// A sink is proven in one call:
//
//	func TestIndex(t *testing.T) {
//		synctest.TestSink(t, func(t *testing.T) synctest.SinkHarness {
//			index := newIndex(t)
//			return synctest.SinkHarness{Sink: index, Held: index.held}
//		})
//	}
//
// and a source likewise by [TestSource]. [Memory] is the reference sink: it
// keeps what it is given in memory, can be made to fail, and notes every breach
// of the engine's own promises. [Stream] is a source of prepared changes, [Fold]
// says what a target must hold at its end.
//
// The package's name is that of the standard testing/synctest on purpose, as
// with net/http/httptest; import one of the two under another name where both are needed.
package synctest
