// The peer of awsec2 in `cargo xtask bench peers`: the same calls with the AWS SDK for Go v2.
//
// usage: peer status ENDPOINT NAME, or peer stop ENDPOINT ID...
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func main() {
	if len(os.Args) < 4 {
		fail(fmt.Errorf("usage: peer status ENDPOINT NAME, or peer stop ENDPOINT ID..."))
	}
	job, endpoint, rest := os.Args[1], os.Args[2], os.Args[3:]
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(keptBody{awshttp.NewBuildableClient()}))
	fail(err)
	client := ec2.NewFromConfig(settings, ec2.WithEndpointResolver(ec2.EndpointResolverFromURL(endpoint)))
	if job == "status" {
		status(ctx, client, rest[0])
	} else {
		stop(ctx, client, rest)
	}
}

// keptBody is the SDK's HTTP client with bodies that stay open. The SDK closes the body of a request as soon as there is an
// answer; when the answer comes as soon as on loopback, Go is still reading that body and then drops the connection.
type keptBody struct {
	client *awshttp.BuildableClient
}

func (kept keptBody) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	return kept.client.Do(request)
}

func status(ctx context.Context, client *ec2.Client, name string) {
	instances := describe(ctx, client, &ec2.DescribeInstancesInput{
		Filters:    []types.Filter{{Name: aws.String("tag:Name"), Values: []string{name}}},
		MaxResults: aws.Int32(1000),
	})
	var running []string
	for _, instance := range instances {
		if instance.State.Name == types.InstanceStateNameRunning {
			running = append(running, *instance.InstanceId)
		}
	}
	answer, err := client.DescribeInstanceStatus(ctx, &ec2.DescribeInstanceStatusInput{InstanceIds: running})
	fail(err)
	checks := map[string]types.InstanceStatus{}
	for _, status := range answer.InstanceStatuses {
		checks[*status.InstanceId] = status
	}
	for _, instance := range instances {
		line := fmt.Sprint(*instance.InstanceId, " ", instance.State.Name)
		if status, found := checks[*instance.InstanceId]; found {
			line += fmt.Sprint(" ", status.SystemStatus.Status, " ", status.InstanceStatus.Status)
		}
		fmt.Println(line, aws.ToString(instance.PrivateIpAddress))
	}
}

func stop(ctx context.Context, client *ec2.Client, ids []string) {
	for _, instance := range describe(ctx, client, &ec2.DescribeInstancesInput{InstanceIds: ids}) {
		fmt.Println(*instance.InstanceId, instance.State.Name)
	}
	answer, err := client.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: ids})
	fail(err)
	for _, change := range answer.StoppingInstances {
		fmt.Println(*change.InstanceId, change.PreviousState.Name, change.CurrentState.Name)
	}
}

func describe(ctx context.Context, client *ec2.Client, input *ec2.DescribeInstancesInput) []types.Instance {
	var instances []types.Instance
	pages := ec2.NewDescribeInstancesPaginator(client, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		fail(err)
		for _, reservation := range page.Reservations {
			instances = append(instances, reservation.Instances...)
		}
	}
	return instances
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
