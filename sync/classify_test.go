package sync_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/opencti-elastic/opencti-elastic/sync"
	fake "github.com/opencti-elastic/opencti-elastic/sync/synctest"
)

func TestClassify(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want sync.Class
	}{
		{"blocked", &fake.Fault{Class: sync.Blocked}, sync.Blocked},
		{"permanent", &fake.Fault{Class: sync.Permanent}, sync.Permanent},
		{"transient", &fake.Fault{Class: sync.Transient}, sync.Transient},
		{"wrapped", fmt.Errorf("bulk: %w", &fake.Fault{Class: sync.Permanent}), sync.Permanent},
		{"nobody can name it", io.ErrUnexpectedEOF, sync.Transient},
		{"a time limit", fmt.Errorf("post: %w", context.DeadlineExceeded), sync.Transient},
		{"our context", fmt.Errorf("post: %w", context.Canceled), sync.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sync.Classify(tt.err); got != tt.want {
				t.Errorf("Classify(%v): got %d, want %d", tt.err, got, tt.want)
			}
		})
	}
	if got := sync.RetryAfter(fmt.Errorf("x: %w", &fake.Fault{After: time.Minute})); got != time.Minute {
		t.Errorf("RetryAfter: got %v, want a minute", got)
	}
	if got := sync.RetryAfter(errors.New("x")); got != 0 {
		t.Errorf("RetryAfter: got %v, want none", got)
	}
}
