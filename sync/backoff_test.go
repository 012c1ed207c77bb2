package sync_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/opencti-elastic/opencti-elastic/sync"
)

func TestBackoffWait(t *testing.T) {
	b := sync.Backoff{Initial: time.Second, Max: 10 * time.Second}
	tests := []struct {
		name     string
		b        sync.Backoff
		failures int
		asked    time.Duration
		want     time.Duration // give or take a fifth
	}{
		{"the first", b, 1, 0, time.Second},
		{"doubles", b, 3, 0, 4 * time.Second},
		{"up to the longest", b, 5, 0, 10 * time.Second},
		{"for ever", b, 1 << 20, 0, 10 * time.Second},
		{"at least what was asked for", b, 1, time.Minute, time.Minute},
		{"but not for hours", b, 1, time.Hour, 5 * time.Minute},
		{"by default", sync.Backoff{}, 1, 0, 200 * time.Millisecond},
		{"by default at most", sync.Backoff{}, 100, 0, 10 * time.Second},
		{"longer than the default maximum", sync.Backoff{Initial: time.Minute}, 9, 0, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 100 {
				if got := tt.b.Wait(tt.failures, tt.asked); got < tt.want-tt.want/5 || got > tt.want+tt.want/5 {
					t.Fatalf("got %v, want %v, a fifth up or down", got, tt.want)
				}
			}
		})
	}
}

func TestBackoffRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fault := errors.New("fault")
		tries, reported := 0, []int(nil)
		began := time.Now()
		err := sync.Backoff{Initial: time.Minute}.Retry(t.Context(), func(context.Context) error {
			if tries++; tries < 4 {
				return fault
			}
			return nil
		}, func(f sync.Failure) { reported = append(reported, f.Failures) })
		if err != nil || tries != 4 || time.Since(began) < 2*time.Minute {
			t.Errorf("%v after %d tries and %v; want success at the fourth, with waits", err, tries, time.Since(began))
		}
		if diff := cmp.Diff([]int{1, 2, 3}, reported); diff != "" {
			t.Errorf("reported (-want +got):\n%s", diff)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err = sync.Backoff{}.Retry(ctx, func(context.Context) error { return fault }, func(sync.Failure) {})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want that the context has ended", err)
		}
	})
}
