package main

import (
	"context"
	"github.com/opencti-elastic/opencti-elastic/cmd/opencti-elastic/internal/config"
	"github.com/opencti-elastic/opencti-elastic/opencti"
)

func (a app) rulesAdopt(context.Context, []string) error   { return nil }
func (a app) rulesPreview(context.Context, []string) error { return nil }
func (a app) convertRules(context.Context, []string) error { return nil }
func newFileTarget(c *config.Config, refs *opencti.References, dir string) (*target, error) {
	return nil, nil
}
