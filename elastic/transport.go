package elastic

import (
	"context"
	"net"
	"net/http"
	"time"
)

// The bounds of one request. There is none for a whole request: a large bulk may take its time
// as long as bytes move.
const (
	dialTimeout       = 10 * time.Second
	handshakeTimeout  = 10 * time.Second
	defaultStall      = 90 * time.Second // above the minute after which Elasticsearch itself gives a write up
	idleConnTimeout   = 45 * time.Second
	maxIdleConns      = 16
	writeBufferBytes  = 64 << 10
	readBufferBytes   = 32 << 10
	maxResponseHeader = 64 << 10
)

// NewTransport makes one pool of connections, for Elasticsearch, Kibana or OpenCTI. A connection on which
// no byte moves for the stall time, default 90 seconds, while a request is under way is given up;
// there is no other limit to a request. Proxies are taken from the environment.
func NewTransport(t TLS, stall time.Duration) (*http.Transport, error) {
	config, err := t.Config()
	if err != nil {
		return nil, err
	}
	if stall <= 0 {
		stall = defaultStall
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &stallConn{Conn: c, limit: stall}, nil
		},
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    handshakeTimeout,
		ResponseHeaderTimeout:  stall,
		IdleConnTimeout:        min(idleConnTimeout, stall),
		MaxIdleConns:           2 * maxIdleConns,
		MaxIdleConnsPerHost:    maxIdleConns,
		MaxResponseHeaderBytes: maxResponseHeader,
		WriteBufferSize:        writeBufferBytes,
		ReadBufferSize:         readBufferBytes,
	}, nil
}

// stallConn is a connection whose deadline moves on with its bytes.
type stallConn struct {
	net.Conn
	limit time.Duration
}

// Read implements net.Conn.
func (c *stallConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write implements net.Conn. It moves the deadline of a read that already waits, too: the
// transport reads ahead on idle connections.
func (c *stallConn) Write(b []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
