"""What people say to an assistant without asking for anything: nothing should be recalled for it."""

from __future__ import annotations

UTTERANCES = """
Hi!
Hey there
Good morning
Good evening, how are you?
Hello, it's me again
Hi, how's it going?
What's up?
Yo
Hey, long time no see
Nice to meet you
Good afternoon!
Morning! Did you sleep well?
How are you doing today?
How have you been?
Hope you're having a good day
Hey, are you there?
Can you hear me?
Hello? Is anybody there?
Testing, one two three
Is this thing on?
Thanks
Thank you so much!
Thanks a lot, that really helps
That was very helpful, thank you
I appreciate it
Much appreciated
Cheers
You're the best
Perfect, thanks
Great, thank you very much
Okay
Ok cool
Alright
Sure
Sure, why not
Yes
Yes please
Yeah, exactly
No
No thanks
No, that's fine
Nope, nothing else
Maybe
I guess so
I don't know
Not really
Right
Got it
I see
I understand
Makes sense
That makes total sense
Fair enough
Sounds good
Sounds good to me
That's great
That's awesome!
Wow, amazing
Oh nice
Cool, cool
Haha
Haha, that's funny
LOL
That made me laugh
Oh no
Oh, I'm sorry
Sorry about that
My bad
No worries
No problem at all
Don't worry about it
It's okay
Never mind
Forget it, never mind
Hmm, let me think
Hold on a second
One moment please
Wait a minute
Give me a second
Just a moment, I'll be right back
Back again
Okay, I'm back
Where were we?
Go on
Please continue
Tell me more
Can you repeat that?
Sorry, what did you say?
Pardon?
Say that again please
Could you speak a little slower?
You're welcome
Take care
Bye
Bye bye, see you later
Good night
Talk to you soon
See you tomorrow
Have a nice day
Have a great weekend!
That's all for now, thank you
Okay, goodbye
""".strip().splitlines()

LONGER = """
Hey hey, good to hear your voice again
Well hello, how's your day been so far?
It's so nice to talk to you
Oh wow, I didn't expect that, that's really cool
Alright then, let's get started
Okay great, I think that's everything I needed
Thanks again, you've been super helpful today
You're so kind, that means a lot to me
Honestly that's the best thing I've heard all day
Yeah I totally agree with you
I couldn't agree more
Hmm okay, I'll think about it
Ah okay, now I get what you mean
Ugh, I'm so tired today
I'm just a bit bored, to be honest
What a lovely day, isn't it?
The weather is so nice today
It's freezing outside today
How's the weather?
Do you like talking to me?
Are you a robot?
You're funny, you know that?
Tell me a joke
That's hilarious, tell me another one
Sorry I was away for a bit, I'm here now
Hang on, somebody is at the door
Can we talk about something else?
Whatever you say
I'm doing great, thanks for asking, and you?
Not bad, can't complain
Same old, same old
So, what's new?
How was your weekend?
Happy Friday!
Merry Christmas!
Happy new year!
Congratulations!
Good luck!
Bless you
Sweet dreams
Uh huh
Mm-hm
Yep yep
Okay okay okay
Right, right
Really? No way!
Are you serious?
I can't believe it
Interesting
That's a good question
Let me see
Anyway
So yeah
You know what I mean?
If you say so
As you wish
That's enough for today
I have to go now, bye
Gotta run, talk later
Catch you later!
Have a good one
Thanks, same to you
Enjoy your evening
Speak soon, bye!
""".strip().splitlines()
"""A second list, written before the rules were and looked at once after."""
