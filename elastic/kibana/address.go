package kibana

import (
	"fmt"
	"github.com/opencti-elastic/opencti-elastic/internal/endpoint"
	"net"
	"strings"
)

// Address derives Kibana's address from Elasticsearch's: in Elastic's cloud
// "….es.…" becomes "….kb.…", a port 9200 becomes 5601. Any other address is taken
// as Kibana's too, since a proxy in front can serve both. User and password are left out.
func Address(elasticsearch string) (string, error) {
	u, err := endpoint.ParseURL(elasticsearch)
	if err != nil {
		return "", fmt.Errorf("elasticsearch: URL: %w", err)
	}
	u.User = nil
	host, port := u.Hostname(), u.Port()
	if strings.Contains(host, ".es.") {
		host = strings.Replace(host, ".es.", ".kb.", 1)
		if port == "9243" {
			port = "" // Kibana answers at 443 there
		}
	} else if port == "9200" {
		port = "5601"
	}
	switch {
	case port != "":
		u.Host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		u.Host = "[" + host + "]"
	default:
		u.Host = host
	}
	return strings.TrimRight(u.String(), "/"), nil
}
