#!/bin/sh
# Stands for an application: prints its features when it starts, and again on SIGHUP.
print_features() {
	echo "checkout: $(cat /etc/app/config/features.json)"
}
trap print_features HUP
print_features
while :; do
	sleep 1 &
	wait $!
done
