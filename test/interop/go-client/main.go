// A workload written against unmodified go-spiffe, which tells in lines of JSON what it sees and
// does what it is told in lines of text: "jwt", "mtls", "end".
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/jwtbundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc/status"
)

const audience = "db"

var printing sync.Mutex

// tell prints one event.
func tell(event string, fields map[string]any) {
	printing.Lock()
	defer printing.Unlock()
	fields["event"] = event
	line, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func codeOf(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		if s, ok := status.FromError(err); ok {
			return s.Code().String()
		}
	}
	return "none"
}

type watcher struct{}

func (watcher) OnX509ContextUpdate(c *workloadapi.X509Context) {
	svid := c.DefaultSVID()
	leaf := svid.Certificates[0]
	domains := map[string]int{}
	for _, bundle := range c.Bundles.Bundles() {
		domains[bundle.TrustDomain().Name()] = len(bundle.X509Authorities())
	}
	tell("x509", map[string]any{
		"id":      svid.ID.String(),
		"hint":    svid.Hint,
		"serial":  leaf.SerialNumber.Text(16),
		"issuer":  fmt.Sprintf("%x", leaf.AuthorityKeyId),
		"bundles": domains,
	})
}

func (watcher) OnX509ContextWatchError(err error) {
	tell("x509-error", map[string]any{"code": codeOf(err)})
}

func (watcher) OnJWTBundlesUpdate(set *jwtbundle.Set) {
	domains := map[string]int{}
	for _, bundle := range set.Bundles() {
		domains[bundle.TrustDomain().Name()] = len(bundle.JWTAuthorities())
	}
	tell("jwt-bundles", map[string]any{"bundles": domains})
}

func (watcher) OnJWTBundlesWatchError(err error) {
	tell("jwt-error", map[string]any{"code": codeOf(err)})
}

func main() {
	if err := run(context.Background()); err != nil {
		tell("failed", map[string]any{"why": err.Error()})
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client, err := workloadapi.New(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	x509Source, err := workloadapi.NewX509Source(ctx, workloadapi.WithClient(client))
	if err != nil {
		return err
	}
	defer x509Source.Close()
	jwtSource, err := workloadapi.NewJWTSource(ctx, workloadapi.WithClient(client))
	if err != nil {
		return err
	}
	defer jwtSource.Close()
	go client.WatchX509Context(ctx, watcher{})
	go client.WatchJWTBundles(ctx, watcher{})
	tell("ready", map[string]any{})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch lines.Text() {
		case "jwt":
			err = token(ctx, client, jwtSource)
		case "mtls":
			err = handshake(x509Source)
		case "end":
			return nil
		}
		if err != nil {
			tell("failed", map[string]any{"why": err.Error(), "code": codeOf(err)})
		}
	}
	return lines.Err()
}

// token fetches a token, and has it judged by the library and by the daemon.
func token(ctx context.Context, client *workloadapi.Client, source *workloadapi.JWTSource) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	svid, err := source.FetchJWTSVID(ctx, jwtsvid.Params{Audience: audience, ExtraAudiences: []string{"cache"}})
	if err != nil {
		return err
	}
	here, err := jwtsvid.ParseAndValidate(svid.Marshal(), source, []string{audience})
	if err != nil {
		return err
	}
	there, err := client.ValidateJWTSVID(ctx, svid.Marshal(), "cache")
	if err != nil {
		return err
	}
	if _, err := client.ValidateJWTSVID(ctx, svid.Marshal(), "other"); codeOf(err) != "InvalidArgument" {
		return fmt.Errorf("a token for another audience was judged as %v", err)
	}
	tell("jwt", map[string]any{
		"id":       here.ID.String(),
		"there":    there.ID.String(),
		"audience": here.Audience,
		"hint":     svid.Hint,
	})
	return nil
}

// handshake does TLS with itself, both ends by the source.
func handshake(source *workloadapi.X509Source) error {
	own, err := source.GetX509SVID()
	if err != nil {
		return err
	}
	only := tlsconfig.AuthorizeID(own.ID)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", tlsconfig.MTLSServerConfig(source, source, only))
	if err != nil {
		return err
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() {
		connection, err := listener.Accept()
		if err == nil {
			_, err = io.WriteString(connection, "hello")
			connection.Close()
		}
		served <- err
	}()
	raw, err := net.DialTimeout("tcp", listener.Addr().String(), 5*time.Second)
	if err != nil {
		return err
	}
	connection := tls.Client(raw, tlsconfig.MTLSClientConfig(source, source, only))
	defer connection.Close()
	greeting, err := io.ReadAll(connection)
	if err != nil {
		return err
	}
	if err := <-served; err != nil {
		return err
	}
	peer, _, err := x509svid.Verify(connection.ConnectionState().PeerCertificates, source)
	if err != nil {
		return err
	}
	if peer != own.ID || own.ID.TrustDomain() == (spiffeid.TrustDomain{}) {
		return fmt.Errorf("the peer is %s", peer)
	}
	tell("mtls", map[string]any{"id": peer.String(), "said": string(greeting)})
	return nil
}
