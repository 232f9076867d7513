# Repeats one file operation in a tight loop, as loop.c does, with syscall(). Overhead: about 0.1 us per system call.
# Needs no module, so Debian's essential perl-base is enough. loop.c documents the input and the output.

use strict;
use warnings;

my %NUMBERS = (
	x86_64  => { stat => 262, open => 257, read => 0,  close => 3,  link => 267, list => 217, pread => 17, time => 228 },
	aarch64 => { stat => 79,  open => 56,  read => 63, close => 57, link => 78,  list => 61,  pread => 67, time => 113 },
);
my $call = $NUMBERS{ $ARGV[0] // '' } or die "no system call numbers for this architecture\n";
my ($stat, $open, $read, $close, $link, $list, $pread) = @$call{qw(stat open read close link list pread)};

my ($HERE, $NOFOLLOW, $DIRECTORY, $ENOENT) = (-100, 0x100, $ARGV[0] eq 'x86_64' ? 0x10000 : 0x4000, 2);
my $status = "\0" x 256;
my $buffer = "\0" x (2 << 20);
my $clock  = "\0" x 16;
my $failed;

sub now {
	syscall($call->{time}, 1, $clock);
	my ($seconds, $nanoseconds) = unpack 'qq', $clock;
	return ($seconds, $nanoseconds);
}

my %LOOP = (
	stat => sub {
		my ($path, $count) = @_;
		for (my $i = 0; $i < $count; $i++) { $failed ||= syscall($stat, $HERE, $path, $status, 0) < 0 }
	},
	lstat => sub {
		my ($path, $count) = @_;
		for (my $i = 0; $i < $count; $i++) { $failed ||= syscall($stat, $HERE, $path, $status, $NOFOLLOW) < 0 }
	},
	missing => sub {
		my ($path, $count) = @_;
		for (my $i = 0; $i < $count; $i++) { $failed ||= syscall($stat, $HERE, $path, $status, 0) >= 0 }
		$failed ||= $! != $ENOENT;
	},
	readlink => sub {
		my ($path, $count) = @_;
		for (my $i = 0; $i < $count; $i++) { $failed ||= syscall($link, $HERE, $path, $buffer, 4096) < 0 }
	},
	read => sub {
		my ($path, $count) = @_;
		for (my $i = 0; $i < $count; $i++) {
			my $fd = syscall($open, $HERE, $path, 0, 0);
			$failed ||= syscall($read, $fd, $buffer, 1 << 20) < 0;
			syscall($close, $fd);
		}
	},
	list => sub {
		my ($path, $count) = @_;
		for (my $i = 0; $i < $count; $i++) {
			my $fd = syscall($open, $HERE, $path, $DIRECTORY, 0);
			my $got;
			do { $got = syscall($list, $fd, $buffer, 32768) } while ($got > 0);
			$failed ||= $got < 0;
			syscall($close, $fd);
		}
	},
	bytes => sub {
		my ($path, $count) = @_;
		my $size = -s $path;
		my $fd   = syscall($open, $HERE, $path, 0, 0);
		my $at   = 0;
		for (my $i = 0; $i < $count; $i++) {
			$failed ||= syscall($pread, $fd, $buffer, 1, $at) != 1;
			$at = 0 if ++$at >= $size;
		}
		syscall($close, $fd);
	},
);

$| = 1;
while (my $line = <STDIN>) {
	chomp $line;
	my ($operation, $count, $path) = split / /, $line, 3;
	$failed = 0;
	my ($seconds, $nanoseconds) = now();
	$LOOP{$operation}->($path, $count + 0);
	my ($endSeconds, $endNanoseconds) = now();
	print $failed
		? 'error ' . ($! + 0) . "\n"
		: (($endSeconds - $seconds) * 1_000_000_000 + $endNanoseconds - $nanoseconds) . "\n";
}
